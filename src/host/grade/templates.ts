// Fills templates such as `${service/db:.spec.clusterIP}` into every text field of a check, whatever its kind.
import type { CheckDefinition } from '../../api/lab.ts';
import { askAll, type Spot } from './facts.ts';
import { nodeTemplate } from './view/objects.ts';
import type { View } from './view/view.ts';

/** They name or describe the check, so they are not compared with anything. */
const plainFields: ReadonlySet<string> = new Set(['id', 'type', 'title', 'hint', 'needs']);

/**
 * The check with its templates filled in: one check, or one for each place if the check uses `${node.address}`.
 * @throws MissingFacts, Unmet
 */
export const fillTemplates = <T, Check extends CheckDefinition>(
  check: Check,
  view: View,
  judge: (filled: Check) => readonly T[],
): readonly T[] => {
  const field = placeField(check);
  if (field === undefined || !usesNode(check)) return judge(fillFields(check, view));
  const written = (check as Readonly<Record<string, unknown>>)[field];
  const references = Array.isArray(written) ? written.map(String) : [String(written)];
  const places = references.flatMap((reference) =>
    view.places.all(reference).map((place) => ({
      place,
      reference: reference.replace(/^node\/\*/, `node/${place.machine}`),
    })),
  );
  const judged = askAll(places, ({ place, reference }) =>
    judge(fillFields({ ...check, [field]: Array.isArray(written) ? [reference] : reference }, view, place)),
  );
  return judged.flat();
};

/** The field that says which places a check looks at. */
export const placeField = (check: object): 'on' | 'from' | undefined =>
  'on' in check ? 'on' : 'from' in check ? 'from' : undefined;

export const usesNode = (check: object): boolean => JSON.stringify(check).match(nodeTemplate) !== null;

const fillFields = <Check extends object>(check: Check, { objects }: View, place?: Spot): Check =>
  Object.fromEntries(
    Object.entries(check).map(([field, value]) => [
      field,
      plainFields.has(field) ? value : fillDeep(value, (text) => objects.fill(text, place)),
    ]),
  ) as Check;

export const fillDeep = (value: unknown, fill: (text: string) => string): unknown => {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map((item) => fillDeep(item, fill));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, fillDeep(item, fill)]));
};
