// The field `fault` of a task, for editors. faults.ts reads the field before validation, with better messages.
import * as z from 'zod';
import { faults } from '../faults/library.ts';
import type { Params } from '../faults/params.ts';

const shapeOf = (params: Params) =>
  Object.fromEntries(
    Object.entries(params).map(([name, { schema, description, shownDefault }]) => [
      name,
      (schema as z.ZodType).exactOptional().meta({ description: `${description} Default: ${shownDefault}.` }),
    ]),
  );

const name = z
  .enum(faults.map((fault) => fault.name))
  .meta({ description: 'A fault of the library (docs/faults.md).' });

const withParams = faults.map((fault) =>
  z.strictObject({ name: z.literal(fault.name), ...shapeOf(fault.params) }).meta({ description: fault.summary }),
);

const named = z.union([name, ...withParams]).meta({ id: 'fault' });

const drawn = z.strictObject({
  draw: z.union([z.literal('all'), z.array(named).min(1)]).meta({
    description: 'One of these faults, drawn from --seed and --student. No fault is drawn twice in a lab.',
  }),
  ...shapeOf(Object.assign({}, ...faults.map(({ params }) => params))),
});

const one = z.union([named, drawn]).meta({ id: 'faults' });

export const faultSchema = z.union([one, z.array(one).min(1)]).meta({
  title: 'fault or list of fault',
  examples: ['selector-typo', { name: 'mtu', service: 'shop/media' }, { draw: 'all' }],
  description:
    'A fault of the library (docs/faults.md), which brings the title, the text, the hints, the checks, the scripts and ' +
    'the debrief of the task; or several that overlap. Other tasks must have a title and checks.',
});
