// Writes the JSON Schema of lab.yaml, which editors use for completion: `node scripts/node.mjs lab-schema.ts`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { labJsonSchema } from '../src/host/lab/schema.ts';

const folder = join(import.meta.dirname, '../schema');
const file = join(folder, 'lab.schema.json');
mkdirSync(folder, { recursive: true });
writeFileSync(file, `${JSON.stringify(labJsonSchema(), null, 2)}\n`);
await $({ preferLocal: true, quiet: true })`biome format --write ${file}`;
