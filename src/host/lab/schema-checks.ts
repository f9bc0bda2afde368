// The checks that lab.yaml can have: the fields that all kinds share, and the union of all kinds.
import * as z from 'zod';
import { type Localized, type Reveal, reveals, type Visibility, visibilities } from '../../api/lab.ts';
import { duration, identifier, localized, zeroOrMore } from '../grade/checks/fields.ts';
import type { AnyCheckKind } from '../grade/checks/kind.ts';
import { explained } from '../grade/explained.ts';
import { checkKinds } from '../grade/kinds.ts';

const common = {
  id: identifier,
  title: localized.meta({
    description: 'What should be the case. Students always see it.',
    examples: ['node01 reaches web'],
  }),
  points: z
    .number()
    .min(0)
    .max(1000)
    .default(1)
    .meta({ description: 'What passing is worth.', examples: [2] }),
  not: z.boolean().default(false).meta({ description: 'The check passes when its condition does not hold.' }),
  within: duration
    .prefault('0s')
    .meta({ description: 'For how long the check is tried again before it fails.', examples: ['5s'] }),
  stableFor: duration
    .refine((milliseconds) => milliseconds <= 60_000, { error: 'must be at most 60s' })
    .prefault('0s')
    .meta({ description: 'The condition must hold in several looks over this time, at most 60s.' }),
  needs: zeroOrMore(z.string()).meta({
    description: 'Checks that must pass first, or this one is blocked: their ids, or task/check.',
    examples: ['runs', ['runs', 'web/answers']],
  }),
  hint: localized.exactOptional().meta({
    description: 'Advice that a failure shows. Default: what the kind of check advises.',
    examples: ['Which pods does the service select?'],
  }),
  reveal: z
    .enum(reveals)
    .default('cause')
    .meta({
      description:
        'What a failure tells the student: cause (everything), symptom (what was observed, without advice), ' +
        'or nothing (only that it failed). The title and the hint of the check are always shown.',
    }),
  partial: z.boolean().default(false).meta({
    description:
      'A check that fails gives a part of its points: the part of its places, or of the packets of a path check, that are right.',
  }),
  visibility: z.enum(visibilities).default('always').meta({
    description:
      'Whom graders show the check: always, afterDue (after the due date), or never. Screens for students do not show a hidden check.',
  }),
};

const schemaOf = ({ type, summary, fields }: AnyCheckKind) => {
  const { about, example } = explained[type] ?? {};
  const description = [summary, ...(about ? [about] : [])].join(' ');
  return z
    .strictObject({ ...common, type: z.literal(type).meta({ description }), ...fields })
    .meta({ description: summary, ...(example ? { examples: [{ type, ...example }] } : {}) });
};

const [first, ...others] = checkKinds;

/** A check as its author writes it. The kind's own fields are not known at compile time. */
export const checkSchema = z.discriminatedUnion('type', [schemaOf(first), ...others.map(schemaOf)]);

export interface CheckInput {
  readonly [field: string]: unknown;
  readonly type: string;
  readonly id: string;
  readonly title: Localized;
  readonly points: number;
  readonly not: boolean;
  readonly within: number;
  readonly stableFor: number;
  readonly needs: readonly string[];
  readonly hint?: Localized;
  readonly reveal: Reveal;
  readonly partial: boolean;
  readonly visibility: Visibility;
}
