// A lab after its folder was read: defaults filled in, paths absolute, references complete.
import type { ClusterSpec } from './cluster.ts';

/** The languages of texts. Every text exists in English. */
export const languages = ['en', 'ko'] as const;
export type Language = (typeof languages)[number];

/** A text in every language that the lab's author wrote. */
export type Localized = { readonly en: string } & { readonly [L in Exclude<Language, 'en'>]?: string };

/** @param text a plain string is the same in every language */
export const localize = (text: Localized | string, language: Language): string =>
  typeof text === 'string' ? text : (text[language] ?? text.en);

export interface LabDefinition {
  readonly name: string;
  readonly title: Localized;
  readonly summary: Localized;
  /** As in semver.org. */
  readonly version?: string;
  /** For exams: how long the student has, from the moment when the lab is ready for the first time. */
  readonly timeLimitMs?: number;
  /** The absolute path of the folder of `lab.yaml`. */
  readonly folder: string;
  /** `sha256:…` over all files of the folder. It tells whether a running cluster was made from this definition. */
  readonly digest: string;
  readonly cluster: ClusterSpec;
  /** Whose lab this is: `params` are drawn from it. */
  readonly variation: Variation;
  readonly params: LabParams;
  /** Texts that labs writes itself, because a task has a fault of the library: by the path that a file would have. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Faults of tasks are drawn, so another variation may have others. */
  readonly drawsFaults?: true;
  /** Absolute paths of YAML files that a new cluster gets applied, in this order. */
  readonly manifests: readonly string[];
  /** References of pod images that must be in the store when the lab starts, beside the built-in ones. */
  readonly images: readonly string[];
  /** Absolute path of a script that exports `setup(lab)`: prepares the new cluster, after the manifests. */
  readonly setup?: string;
  /** Absolute path of a script that exports `restore(lab)`: sets the nodes back, whatever a student did to them. */
  readonly restore?: string;
  /** In the order in which the student does them. */
  readonly tasks: readonly TaskDefinition[];
}

/** What the values of a lab's parameters are drawn from: `--seed` and `--student`. */
export interface Variation {
  readonly seed?: string;
  readonly student?: string;
}

export type LabParams = Readonly<Record<string, string | number>>;

export interface TaskDefinition {
  readonly id: string;
  readonly title: Localized;
  /** Absolute paths of the task's Markdown. */
  readonly text: Localized;
  /** Absolute paths of the Markdown that explains, after the task, why the solution works. */
  readonly debrief?: Localized;
  /** The ids of earlier tasks that must be done first. Until then this task is locked. */
  readonly needs?: readonly string[];
  /** `labs hint` shows one after the other. */
  readonly hints: readonly HintDefinition[];
  /**
   * Absolute path of a script that exports `setup(lab)`: run when the student begins the task. It may export
   * `resume(lab)`, which puts the fault back after a restart, and `clear(lab)`.
   */
  readonly setup?: string;
  /** Absolute path of a script that exports `solve(lab)`, and perhaps `clear(lab)`: removes what the task makes. */
  readonly solve?: string;
  /** Absolute paths of scripts that export `cheat(lab)`: wrong solutions, for `labs test`. */
  readonly wrong?: readonly string[];
  /** Absolute path of a script that exports `clear(lab)`. Default: `setup` or `solve`, if it exports `clear`. */
  readonly clear?: string;
  readonly checks: readonly CheckDefinition[];
}

export interface HintDefinition {
  readonly text: Localized;
  /** The points of the task that reading it costs. */
  readonly cost: number;
}

/**
 * `pod/NAME`, `pod/NAMESPACE/NAME`, `pod/NAMESPACE/LABEL=VALUE`, `node/NAME`, `machine/NAME`, `client` or
 * `client/NAME`. `node/*` means every node.
 */
export type PlaceRef = string;

/** The fields of every check. The kind of the check (src/host/grade/checks) adds more fields. */
export interface CheckDefinition {
  /** The kind's name, e.g. `http`. */
  readonly type: string;
  /** Unique in its task. Everywhere else, the check is called `task/check`. */
  readonly id: string;
  readonly title: Localized;
  readonly points: number;
  /** The check passes when its condition does not hold. The machines and pods that it names must still exist. */
  readonly not: boolean;
  /** For how long a failed check is tried again, in milliseconds after the first try. */
  readonly withinMs: number;
  /** For how long the condition must hold, in every look, before the check passes. 0: one look is enough. */
  readonly stableForMs: number;
  /** `task/check` of the checks that must pass first. Until then this check is blocked. */
  readonly needs: readonly string[];
  /** Shown with a failure. */
  readonly hint?: Localized;
  /** What a failure tells the student. */
  readonly reveal: Reveal;
  /** A check that fails gives a part of its points: the part of its places, or of the packets, that are right. */
  readonly partial: boolean;
  readonly visibility: Visibility;
}

/**
 * Who sees a check, besides the grader:
 * `always`: the student;
 * `afterDue`: the student, after the due date of the platform that grades;
 * `never`: nobody.
 */
export const visibilities = ['always', 'afterDue', 'never'] as const;
export type Visibility = (typeof visibilities)[number];

/**
 * What a report tells about a check that did not pass:
 * `cause`: everything;
 * `symptom`: what was expected and observed, but no advice of the kind of check;
 * `nothing`: only that it did not pass.
 * The check's title and the lab's own hint are always shown.
 */
export const reveals = ['nothing', 'symptom', 'cause'] as const;
export type Reveal = (typeof reveals)[number];
