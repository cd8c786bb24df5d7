// Reads the documents of packages with npm's own modules, and so with the user's configuration: registries of scopes,
// credentials, proxy and certificates. npm needs half a second of a core for each start, and `npm view` asks for one
// package; this asks for all at once.
//
// Argument: the path of npm. Standard input: an array of {name, version, registry}. Standard output: a line for each
// answer as it comes, [number of the question, answer]. Exit code 3: npm's modules are not where its versions 9 to 12
// have them (a shim stands in its place, say), or they do not start.
"use strict";
const { createRequire } = require("node:module");
const { readFileSync, realpathSync } = require("node:fs");
const { dirname } = require("node:path");

const UNUSABLE = 3;
// One try more, at once: castoff paces its looks itself, and one late answer must not hold up the others.
const PATIENCE = { fetchRetries: 1, fetchRetryMintimeout: 200, fetchRetryMaxtimeout: 1000 };
const LONGEST = 30000;

async function client(cli) {
  const npmRoot = dirname(dirname(realpathSync(cli)));
  const load = createRequire(`${npmRoot}/package.json`);
  const npm = new (load("./lib/npm.js"))({ npmRoot, argv: ["--loglevel", "silent"], excludeNpmCwd: true });
  await npm.load();
  return [load("pacote"), npm.flatOptions];
}

// A page that is none, of a proxy that asks for a login for example, must not pass for a package without versions.
function isDocument(found, name) {
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  return isObject(found) && found.name === name && (isObject(found.versions) || isObject(found.time));
}

function shown(found, name, version) {
  if (!isDocument(found, name)) return failure(new Error("the registry's answer is no document of the package"));
  const versions = found.versions || {};
  const one = version && Object.hasOwn(versions, version) ? versions[version] : null;
  return {
    versions: Object.keys(versions),
    time: found.time,
    tags: found["dist-tags"],
    maintainers: found.maintainers,
    dist: one && one.dist,
    deprecated: one && one.deprecated,
  };
}

function failure(error) {
  const after = error.headers && error.headers["retry-after"];
  return { error: { code: String(error.code || ""), summary: String(error.message), after: after && String(after) } };
}

async function main() {
  const questions = JSON.parse(readFileSync(0, "utf8"));
  const [pacote, options] = await client(process.argv[2]).catch(() => process.exit(UNUSABLE));
  const own = {
    ...options,
    ...PATIENCE,
    timeout: Math.min(options.timeout || LONGEST, LONGEST),
    fullMetadata: true,
    preferOnline: true,
    preferOffline: false,
    offline: false,
    before: null,
  };
  await Promise.all(
    questions.map(async ({ name, version, registry }, number) => {
      const asked = pacote.packument(name, registry ? { ...own, registry } : own);
      const answer = await asked.then((found) => shown(found, name, version), failure);
      process.stdout.write(`${JSON.stringify([number, answer])}\n`);
    }),
  );
}

main();
