// Answers many questions in one process with npm's own modules, and so with the user's configuration: registries of
// scopes, credentials, proxy and certificates. A start of npm takes half a second of a core.
//
// Argument: the path of npm. Standard input: a question a line, [number, {packument}] or [number, {words}]. Standard
// output: an answer a line as it comes, [number, answer]. After a while without a question it says [null] and ends:
// what comes after that is not begun. Exit code 3: npm's modules are not where its versions 9 to 12 have them (a shim
// stands in its place, say), or they do not start.
"use strict";
const { AsyncLocalStorage } = require("node:async_hooks");
const { realpathSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname } = require("node:path");
const { createInterface } = require("node:readline");

const UNUSABLE = 3;
const IDLE = 20000;
// One try more, at once: castoff paces its looks itself, and one late answer must not hold up the others. npm's own
// settings are in `retry` (npm-registry-fetch), and would wait for 70 seconds.
const PATIENCE = { retry: { retries: 1, factor: 1, minTimeout: 200, maxTimeout: 1000 } };
const LONGEST = 30000;
const QUIET = ["--loglevel", "silent", "--logs-max", "0"];
// The first npm whose commands hand what they print to listeners of the process, and whose `exec` may be called here.
const FIRST_WITH_COMMANDS = 11;

const printed = new AsyncLocalStorage();
const given = { ...process.env };

function restore() {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(given, name)) delete process.env[name];
  Object.assign(process.env, given);
}

// An npm of its own for each command: npm keeps options, and the token of an exchange, as settings.
class Npms {
  #last = Promise.resolve();
  #npmRoot;

  constructor(cli) {
    this.#npmRoot = dirname(dirname(realpathSync(cli)));
    this.load = createRequire(`${this.#npmRoot}/package.json`);
    this.Npm = this.load("./lib/npm.js");
  }

  // One after the other: npm writes its options into the environment, where the next one would take them for its own.
  open(words) {
    const opened = this.#last.then(async () => {
      restore();
      const npm = new this.Npm({ npmRoot: this.#npmRoot, argv: [...QUIET, ...words], excludeNpmCwd: true });
      const { command, args } = (await npm.load()) || {};
      npm.unload();
      restore();
      return { npm, command, args };
    });
    this.#last = opened.catch(() => {});
    return opened;
  }

  // npm 11.21 keeps the token of one exchange in a module, and takes it from its command when the next one begins
  // (`activeExchangeRecord` in lib/utils/oidc.js). So each command loads npm's commands and that module anew.
  #forget() {
    const held = ["commands/", "utils/oidc.js"].map((name) => `${this.#npmRoot}/lib/${name}`);
    for (const file of Object.keys(require.cache)) if (held.some((one) => file.startsWith(one))) delete require.cache[file];
  }

  // Returns the question of one package's document.
  async reader() {
    const { npm } = await this.open([]);
    const pacote = this.load("pacote");
    const own = {
      ...npm.flatOptions,
      ...PATIENCE,
      timeout: Math.min(npm.flatOptions.timeout || LONGEST, LONGEST),
      fullMetadata: true,
      preferOnline: true,
      preferOffline: false,
      offline: false,
      before: null,
    };
    return ({ name, version, registry }) =>
      pacote
        .packument(name, registry ? { ...own, registry } : own)
        .then((found) => shown(found, name, version), failure);
  }

  // Runs a command as npm's program does, and returns its exit code and what it printed.
  async run(words) {
    if (parseInt(this.Npm.version, 10) < FIRST_WITH_COMMANDS) return { unusable: true };
    const lines = [];
    try {
      const { npm, command, args } = await this.open(words);
      this.#forget();
      await printed.run(lines, () => npm.exec(command, args));
    } catch (error) {
      return { code: 1, printed: JSON.stringify(failure(error)) };
    }
    return { code: 0, printed: lines.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n") };
  }
}

process.on("output", (level, value) => {
  const lines = printed.getStore();
  if (lines && value !== undefined && (level === "standard" || level === "buffer")) lines.push(value);
});

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
    withdrawn: Object.keys(versions).filter((each) => versions[each] && versions[each].deprecated),
    time: found.time,
    tags: found["dist-tags"],
    maintainers: found.maintainers,
    dist: one && one.dist,
    deprecated: one && one.deprecated,
    user: one && one._npmUser,
  };
}

function failure(error) {
  const after = error.headers && error.headers["retry-after"];
  const code = typeof error.code === "string" ? error.code : undefined;
  return { error: { code, summary: String(error.message), after: after && String(after) } };
}

async function main() {
  let npms, read;
  try {
    npms = new Npms(process.argv[2]);
    process.argv.splice(2);
    read = await npms.reader();
  } catch {
    process.exit(UNUSABLE);
  }
  let open = 0;
  let idle;
  const rest = () => {
    idle = setTimeout(() => {
      process.stdout.write("[null]\n");
      process.exit(0);
    }, IDLE);
  };
  rest();
  const lines = createInterface({ input: process.stdin });
  lines.on("line", async (line) => {
    clearTimeout(idle);
    open += 1;
    const [number, { packument, words }] = JSON.parse(line);
    const answer = await (packument ? read(packument) : npms.run(words));
    process.stdout.write(`${JSON.stringify([number, answer])}\n`);
    open -= 1;
    if (open === 0) rest();
  });
  // Whoever asked is gone: what was begun is brought to its end.
  lines.on("close", () => setInterval(() => open === 0 && process.exit(0), 50));
}

main();
