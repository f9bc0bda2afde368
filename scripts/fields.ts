// Writes docs/fields.md, the page of all fields of the API: `node scripts/node.mjs fields.ts`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { typeOf } from '../src/api/field-types.ts';
import { allResources } from '../src/api/resources.ts';
import { unstoredTypes } from '../src/node/apiserver/fields/unstored.ts';
import { fieldsPage } from './lib/fields-page.ts';

writeFileSync(
  join(import.meta.dirname, '../docs/fields.md'),
  fieldsPage([...allResources.map(typeOf), ...unstoredTypes]),
);
