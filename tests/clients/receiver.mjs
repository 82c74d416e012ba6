// Receive so many messages of a stream, read each with the SDK of CloudEvents for JavaScript, and print it.
//
//   node receiver.mjs ADDRESS TOKEN-FILE STREAM NUMBER
import { readFile } from "node:fs/promises";
import { connect } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { CloudEvent } from "cloudevents";

const [servers, tokenFile, stream, number] = process.argv.slice(2);
const connection = await connect({ servers, token: (await readFile(tokenFile, "utf8")).trim() });
const consumer = await jetstream(connection).consumers.get(stream);
let left = Number(number);
for await (const message of await consumer.fetch({ max_messages: left, expires: 30_000 })) {
  const event = new CloudEvent(message.json()); // it throws where the event is none
  console.log(JSON.stringify({ id: event.id, type: event.type, subject: event.subject, time: event.time, data: event.data }));
  left -= 1;
  if (left === 0) break;
}
await connection.close();
