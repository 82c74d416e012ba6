// A calendar that knows of the service what its AsyncAPI document says, and nothing else.
//
//   node publisher.mjs DOCUMENT ADDRESS TOKEN-FILE < meetings
//
// Meetings are JSON lines: the name of a message of the document, when it happened, and its data. Each is checked against
// the message's own schema, published on the document's channel, and answered with its sequence in the stream.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { randomUUID } from "node:crypto";
import { Parser } from "@asyncapi/parser";
import { connect } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { CloudEvent } from "cloudevents";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const [documentFile, servers, tokenFile] = process.argv.slice(2);
const { document } = await new Parser().parse(await readFile(documentFile, "utf8"));
const channel = document.channels().get("meetings");
const messages = new Map(channel.messages().map((message) => [message.name(), message]));
const schemas = addFormats(new Ajv({ strict: false }));

const connection = await connect({ servers, token: (await readFile(tokenFile, "utf8")).trim() });
const stream = jetstream(connection);
for await (const line of createInterface({ input: process.stdin })) {
  const { name, time, data } = JSON.parse(line);
  const message = messages.get(name);
  const event = new CloudEvent({ type: name, source: "/calendars/in-javascript", id: randomUUID(), time, data });
  const body = JSON.stringify(event);
  const fits = schemas.compile(message.payload().json());
  if (!fits(JSON.parse(body))) {
    throw new Error(`${name}: ${schemas.errorsText(fits.errors)}`);
  }
  const subject = channel.address().replace("{key}", data.uid.replaceAll(/[^A-Za-z0-9_-]/g, "-"));
  const stored = await stream.publish(subject, body);
  console.log(stored.seq);
}
await connection.drain();
