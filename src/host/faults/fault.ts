// What a fault consists of. Each fault is one file in library/; library.ts lists them all.
import type { Localized } from '../../api/lab.ts';
import type { CheckScript, LabHandle } from '../../api/script.ts';
import type { Params, Values } from './params.ts';
import type { Scene } from './scene.ts';

/** A text in both languages: what labs says itself is always translated. */
export type Text = Required<Localized>;

/** A check as an author would write it in lab.yaml. */
export type FaultCheck = Readonly<Record<string, unknown>> & { readonly id: string; readonly title: Text };

/** @typeParam P the fault's parameters */
export interface Fault<P extends Params = Params> {
  /** As in lab.yaml. Students never see it. */
  readonly name: string;
  /** One sentence for authors: what is broken. */
  readonly summary: string;
  readonly params: P;
  /** Why the fault stays until somebody cures it: what would heal it, and why that does not happen. */
  readonly stays: string;
  /** The modes of kube-proxy in which the fault stays. Default: all. */
  readonly modes?: readonly string[];
  /** The way between pods on which the fault works. Default: all. */
  readonly podNetworks?: readonly string[];
  /** Whether `draw: all` may draw the fault. Default: true. */
  readonly drawn?: false;
  /** `keeps`: a stop and a start of the lab change nothing, because the fault is in the API server. */
  readonly restart: 'keeps' | 'heals';
  /** The title of the task. It names no cause. */
  title(values: Values<P>): Text;
  /** What the student reads: Markdown, with a command that shows the symptom. */
  symptom(values: Values<P>): Text;
  /** For the debrief: what was wrong, and why that had this effect. */
  cause(values: Values<P>): Text;
  /** For the debrief: how to find it and what removes it. */
  cure(values: Values<P>): Text;
  hints(values: Values<P>): readonly Text[];
  checks(values: Values<P>): readonly FaultCheck[];
  /** The pods and the service that the symptom is seen with. */
  scene(values: Values<P>): Scene;
  /** Breaks. The scene is whole and nothing of this fault is there. */
  break(lab: LabHandle, values: Values<P>): Promise<void>;
  /** Removes the fault, in any state of the cluster: also when it is not there. */
  mend(lab: LabHandle, values: Values<P>): Promise<void>;
  /** Wrong solutions, by name. `labs test` tries them: each must lose points. */
  readonly cheats?: Readonly<Record<string, (lab: LabHandle, values: Values<P>) => Promise<void>>>;
  /** What checks of the type `script` ask, by the id of the check. */
  readonly looks?: Readonly<Record<string, (lab: LabHandle, values: Values<P>) => ReturnType<CheckScript>>>;
}

/** A fault whose parameters are not known at compile time. */
export type AnyFault = Fault<Params>;

/** Declares a fault. TypeScript derives the types of the values from `params`. */
export const defineFault = <P extends Params>(fault: Fault<P>): AnyFault => fault as unknown as AnyFault;
