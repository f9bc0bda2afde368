// The page that shows what labs does with each field of the API: docs/fields.md.
import { fieldNames, reachableTypes, structOf } from '../../src/node/apiserver/fields/reach.ts';
import type { Support } from '../../src/node/apiserver/fields/support.ts';
import { fieldTable } from '../../src/node/apiserver/fields/table.ts';

const intro = `# Fields of the API

This page is generated: \`node scripts/node.mjs fields.ts\` writes it from \`src/node/apiserver/fields\`.

The API server accepts a field only if labs does something with the field.

- **honoured**: the named file acts on the field. Paths are below \`src/node\`; those that begin with \`api/\` are below \`src\`.
- **status only**: a component reports the field, and no component acts on it.
- **refused**: the API server answers 422 and says why. The listed values are accepted, because they say what labs does anyway.
  Empty lists and empty strings are accepted, too.

A type whose fields can be reached only through a refused or a reported field has no section.
`;

/** @param roots the types of the served resources */
export const fieldsPage = (roots: readonly string[]): string =>
  `${intro}\n${reachableTypes(fieldTable, roots).map(section).join('\n')}`;

const section = (type: string): string => {
  const shape = structOf(type);
  const names = shape ? fieldNames(shape) : [];
  const rows = names.map((name) => `| ${name} | ${cells(fieldTable[type]?.[name])} |`);
  return `## ${type}\n\n| field | support | where, or why not |\n|---|---|---|\n${rows.join('\n')}\n`;
};

const cells = (support: Support | undefined): string => {
  switch (support?.is) {
    case 'honoured':
      return `honoured | ${support.by}`;
    case 'status':
      return 'status only | ';
    case 'refused': {
      const values = support.accepts.map((value) => `\`${JSON.stringify(value)}\``);
      return `refused${values.length > 0 ? `, except ${values.join(', ')}` : ''} | ${support.why}`;
    }
    default:
      return 'missing in the table | ';
  }
};
