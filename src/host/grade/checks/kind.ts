// What a kind of check consists of. Each kind is one file in this folder; `../kinds.ts` lists them all.
import type * as z from 'zod';
import type { CheckDefinition, Language } from '../../../api/lab.ts';
import type { Phrases } from '../say/en.ts';
import type { Student } from '../student.ts';
import type { Verdict } from '../verdict.ts';
import type { View } from '../view/view.ts';

/**
 * One kind of check. `route.ts` is a short example.
 * @typeParam Type the value of `type` in lab.yaml
 * @typeParam Fields the zod schemas of the kind's own fields
 * @typeParam Words the kind's own sentences
 * @typeParam Resolved the fields after `resolve`
 */
export interface CheckKind<Type extends string, Fields extends z.ZodRawShape, Words, Resolved> {
  /** The value of `type` in lab.yaml. */
  readonly type: Type;
  /** One sentence that editors show (the description in the JSON Schema). */
  readonly summary: string;
  /** The kind's own fields in lab.yaml. Fields that all kinds have (`id`, `not`, …) are in `lab/schema-checks.ts`. */
  readonly fields: Fields;
  /** The kind's own sentences. Sentences that several kinds need are in `say/`. */
  readonly words: { readonly [L in Language]: Words };
  /**
   * Finds mistakes that the schema of a single field cannot find.
   * @param written the fields as in lab.yaml, before validation: any of them may have the wrong type
   */
  mistakes?(written: Readonly<Record<string, unknown>>): readonly Mistake[];
  /** `judge` gets templates unfilled. Default: all texts of the check are filled before. */
  readonly fillsItself?: true;
  /** Turns the fields of lab.yaml into the fields that `expected` and `judge` get. Default: unchanged. */
  resolve?(written: FieldValues<Fields>): Resolved;
  /** The fields that name a file of the lab's folder. `resolve`, `expected` and `judge` get absolute paths. */
  readonly files?: readonly (keyof Fields & string)[];
  /** What the check expects, as a phrase: "pod blue gets 200 from http://orange/". The caller fills in templates. */
  expected(check: CheckDefinition & Resolved, say: Phrases & Words): string;
  /** What the check expects with `not`. Without this phrase, or if it is undefined, a sentence negates `expected`. */
  expectedNot?(check: CheckDefinition & Resolved, say: Phrases & Words): string | undefined;
  /**
   * Compares the check with the facts: one verdict for each place that the check looks at.
   * @throws MissingFacts, Unmet, BrokenFact
   */
  judge(check: CheckDefinition & Resolved, view: View, say: Phrases & Words, context: CheckContext): readonly Verdict[];
}

/** A kind whose fields are not known at compile time. */
export type AnyCheckKind = CheckKind<string, z.ZodRawShape, object, object>;

/** Functions that fill values into sentences. */
type Sentences = Readonly<Record<string, (...values: never[]) => string>>;

/** The values of a kind's fields after validation, with defaults filled in. */
export type FieldValues<Fields extends z.ZodRawShape> = z.output<z.ZodObject<Fields, z.core.$strict>>;

export interface Mistake {
  /** The wrong field. Undefined when the mistake is in several fields. */
  readonly field?: string;
  readonly message: string;
}

export interface CheckContext {
  readonly taskId: string;
  /** The task's number in the lab, from 1. */
  readonly number: number;
  readonly student: Student;
}

/** Declares a kind. TypeScript derives the types of `check` and `say` from `fields` and `words`. */
export const checkKind = <
  const Type extends string,
  Fields extends z.ZodRawShape,
  Words extends Sentences,
  Resolved = FieldValues<Fields>,
>(
  kind: CheckKind<Type, Fields, Words, Resolved>,
): CheckKind<Type, Fields, Words, Resolved> => kind;
