// The rules in the browser: the server's own code as WebAssembly, with the programmes that a form needs.
import * as line from './line.js';

let running;
const installed = new Set();

const start = () => running ??= (async () => {
  const { dotnet } = await import('./runtime/dotnet.js');
  const { getAssemblyExports } = await dotnet.create();
  return (await getAssemblyExports('Tongxin.Forms')).Tongxin.Forms.Filler;
})();

// Definitions are nobody's secret, but they live beside the rest: from the vault when there, else from the server.
async function definition(vault, kind, id, fetchIt) {
  const known = await vault.get(kind, id);
  if (known) return known;
  const fresh = await fetchIt();
  await vault.put(kind, id, fresh);
  return fresh;
}

// A new build may know more types; the version is part of the name.
export async function take(vault, digests) {
  await definition(vault, 'model', 'r4-1', line.model);
  for (const digest of digests) await definition(vault, 'programme', digest, () => line.programme(digest));
}

export async function prepare(vault, digests) {
  const filler = await start();
  if (!installed.has('model')) {
    filler.Prepare(JSON.stringify(await definition(vault, 'model', 'r4-1', line.model)));
    installed.add('model');
  }
  for (const digest of digests) {
    if (installed.has(digest)) continue;
    const told = JSON.parse(filler.Install(JSON.stringify(await definition(vault, 'programme', digest, () => line.programme(digest)))));
    if (told.refused) throw new Error(told.refused);
    installed.add(digest);
  }
  return filler;
}
