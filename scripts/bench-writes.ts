// Measures how much CPU time the API server spends on a status write, and how much of it on the owners of fields.
//   node scripts/node.mjs bench-writes.ts [--writes 2000] [--json]
import { argv, echo } from 'zx';
import { costs } from './bench/apiserver/writes.ts';

const rows = costs(Number(argv.writes ?? 2000)).map(({ name, without, owned }) => ({
  'status write of': name,
  'CPU µs without owners': Math.round(without),
  'CPU µs with owners': Math.round(owned),
  'owners cost µs': Math.round(owned - without),
  ratio: Number((owned / without).toFixed(2)),
}));
if (argv.json) echo(JSON.stringify(rows, null, 2));
else console.table(rows);
