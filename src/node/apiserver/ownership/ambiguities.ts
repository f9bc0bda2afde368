// Finds items of a list that server-side apply cannot tell apart.
import { isRecord } from '../schema/record.ts';
import { formatStep } from './field-set.ts';
import { kindOf, type Place, partsOf, stepOf } from './structure.ts';

/** @returns `.spec.ports: duplicate entries for key [port=53,protocol="TCP"]` */
export const ambiguities = (place: Place, value: unknown, path: string): string[] => {
  if (kindOf(place) === 'leaf') return [];
  const problems = Array.isArray(value) ? [...withoutKeys(place, value, path), ...duplicates(place, value, path)] : [];
  const inner = [...partsOf(place, value).values()].flatMap((part) =>
    ambiguities(part.place, part.value, path + formatStep(part.step)),
  );
  return [...problems, ...inner];
};

const withoutKeys = (place: Place, items: readonly unknown[], path: string): string[] => {
  if (place.relation?.is !== 'map') return [];
  const { keys } = place.relation;
  return items.flatMap((item, index) =>
    keys
      .filter(({ name, fallback }) => fallback === undefined && !(isRecord(item) && item[name] !== undefined))
      .map(({ name }) => {
        const what = `associative list with keys has an element that omits key field ${JSON.stringify(name)}`;
        return `${path}: element ${index}: ${what}`;
      }),
  );
};

const duplicates = (place: Place, items: readonly unknown[], path: string): string[] => {
  const steps = items.map((item) => stepOf(place, item));
  const twice = steps.filter((step, index) => steps.indexOf(step) !== index);
  return [...new Set(twice)].map((step) => `${path}: duplicate entries for key ${formatStep(step)}`);
};
