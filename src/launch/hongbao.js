#!/usr/bin/env node
// What `hongbao` and `npm start` run first. Not compiled, so that it is there before anything is built, and speaks on a
// Node that is too old for the rest.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
const built = new URL('../../dist/cli.js', import.meta.url);
const packages = new URL('../../node_modules/', import.meta.url);

const trouble =
  major < 20 || (major === 20 && minor < 19)
    ? `Node 20.19 or later is needed; this is ${process.version}`
    : existsSync(built)
      ? undefined
      : `nothing is built here yet: run \`npm ci\`${existsSync(packages) ? ' (without --omit=dev: the compiler is among what that leaves out)' : ''}`;

if (trouble === undefined) await import(built.href);
else {
  process.stderr.write(`hongbao: ${trouble}\n`);
  process.exitCode = 2;
}
