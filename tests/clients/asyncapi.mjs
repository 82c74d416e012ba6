// Read an AsyncAPI document from standard input with the specification's own parser, and print what it finds.
import { text } from "node:stream/consumers";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(await text(process.stdin));
for (const { severity, path, message } of diagnostics) {
  console.log(`${["error", "warning", "information", "hint"][severity]} ${path.join(".")}: ${message}`);
}
if (document === undefined) {
  process.exitCode = 1;
}
