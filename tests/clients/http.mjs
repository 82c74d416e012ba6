// Publish one meeting over HTTP in each form that CloudEvents knows, made by their own SDK for JavaScript.
//
//   node http.mjs ADDRESS < data
//
// Prints the status and the answer of each: structured, binary, batched.
import { text } from "node:stream/consumers";
import { CloudEvent, HTTP } from "cloudevents";

const address = `${process.argv[2]}/events`;
const data = JSON.parse(await text(process.stdin));
const event = (id) =>
  new CloudEvent({ type: "mentoring.meeting.scheduled.v1", source: "/calendars/in-javascript", id, time: "2026-01-05T10:00:00Z", data });

async function post({ headers, body }) {
  const answer = await fetch(address, { method: "POST", headers, body });
  console.log(JSON.stringify({ status: answer.status, ...(await answer.json()) }));
}

await post(HTTP.structured(event("structured")));
await post(HTTP.binary(event("binary")));
await post({
  headers: { "content-type": "application/cloudevents-batch+json" },
  body: JSON.stringify([event("structured"), event("another")]),
});
