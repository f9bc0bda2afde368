// Writes the JSON Schemas of lab.yaml, from which editors complete, and of the report, and docs/authoring/reference.md:
// `node scripts/node.mjs json-schemas.ts`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { reportJsonSchema } from '../src/api/report.ts';
import { labJsonSchema } from '../src/host/lab/schema.ts';
import { referencePage } from './lib/reference-page.ts';

const folder = join(import.meta.dirname, '../schema');
mkdirSync(folder, { recursive: true });
for (const [name, schema] of [
  ['lab', labJsonSchema()],
  ['report', reportJsonSchema()],
] as const) {
  const file = join(folder, `${name}.schema.json`);
  writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`);
  await $({ preferLocal: true, quiet: true })`biome format --write ${file}`;
}

writeFileSync(join(import.meta.dirname, '../docs/authoring/reference.md'), referencePage(labJsonSchema()));
