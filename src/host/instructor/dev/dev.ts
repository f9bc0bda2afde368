// `labs dev`: tells what each edit of a lab's folder does: mistakes that come and go, checks that judge differently,
// and changes that need another cluster. Nothing here prints.
import type { LabDefinition } from '../../../api/lab.ts';
import type { CheckReport } from '../../../api/report.ts';
import { messageOf } from '../../../kit/error.ts';
import { createLimit } from '../../../kit/limit.ts';
import type { Finding } from '../lint/finding.ts';
import { severityOf } from '../lint/rule-table.ts';
import { effectOf, type UsedScript } from './effect.ts';

export type Verdict = Pick<CheckReport, 'outcome' | 'points' | 'maxPoints' | 'observed'>;

export type DevEvent =
  | { readonly event: 'edited'; readonly files: readonly string[] }
  /** The lab cannot be read. What was read last stays. */
  | { readonly event: 'invalid'; readonly findings: readonly Finding[] }
  | { readonly event: 'lint'; readonly found: readonly Finding[]; readonly mended: readonly Finding[] }
  | { readonly event: 'check'; readonly check: string; readonly before?: Verdict; readonly after?: Verdict }
  | { readonly event: 'script'; readonly script: UsedScript }
  /** The running cluster is not as lab.yaml describes it. */
  | { readonly event: 'cluster'; readonly differences: readonly string[] }
  /** Nobody knows what checks say: the lab does not run, or labs failed. */
  | { readonly event: 'unknown'; readonly problem: string }
  /** All of it was told. Since the edit was seen. */
  | { readonly event: 'done'; readonly milliseconds: number };

/** The outside of the loop. */
export interface Workshop {
  /** The lab as its folder says. Undefined if the lab cannot be read. */
  read(): Promise<LabDefinition | undefined>;
  lint(): Promise<readonly Finding[]>;
  /** Judges one check on the running cluster. @throws Error when the lab does not run */
  judge(lab: LabDefinition, check: string): Promise<Verdict>;
  /** How the running cluster differs from lab.yaml. */
  differences(lab: LabDefinition): Promise<readonly string[]>;
}

/** So many checks at a time: each look asks the fabric. */
const atATime = 8;

export class Dev {
  readonly #workshop: Workshop;
  readonly #tell: (event: DevEvent) => void;
  readonly #verdicts = new Map<string, Verdict>();
  #lab: LabDefinition;
  #findings: readonly Finding[] = [];
  #differences = '';

  constructor(workshop: Workshop, lab: LabDefinition, tell: (event: DevEvent) => void) {
    this.#workshop = workshop;
    this.#lab = lab;
    this.#tell = tell;
  }

  /** What there is before any edit. Its findings are told, and its verdicts are what later ones are compared with. */
  async begin(): Promise<void> {
    const [findings] = await Promise.all([this.#workshop.lint(), this.#judge(idsOf(this.#lab), () => {})]);
    this.#findings = findings.filter(isProblem);
    if (this.#findings.length > 0) this.#tell({ event: 'lint', found: this.#findings, mended: [] });
    await this.#compareCluster();
  }

  /** One edit of the folder. */
  async edited(files: ReadonlySet<string>): Promise<void> {
    const startedAt = performance.now();
    this.#tell({ event: 'edited', files: [...files] });
    const before = this.#lab;
    const [lab, findings] = await Promise.all([this.#workshop.read(), this.#workshop.lint()]);
    if (lab) {
      this.#lab = lab;
      this.#compareFindings(findings.filter(isProblem));
      const { checks, gone, scripts } = effectOf(before, lab, files);
      for (const script of scripts) this.#tell({ event: 'script', script });
      for (const check of gone) this.#forget(check);
      await Promise.all([this.#judge(checks, (event) => this.#tell(event)), this.#compareCluster()]);
    } else this.#tell({ event: 'invalid', findings: findings.filter(isProblem) });
    this.#tell({ event: 'done', milliseconds: Math.round(performance.now() - startedAt) });
  }

  /** The cluster was built anew: nothing is as it was. */
  async restarted(): Promise<void> {
    await this.#judge(idsOf(this.#lab), (event) => {
      if (event.event !== 'check' || event.before?.outcome !== event.after?.outcome) this.#tell(event);
    });
    await this.#compareCluster();
  }

  #forget(check: string): void {
    const before = this.#verdicts.get(check);
    this.#verdicts.delete(check);
    this.#tell({ event: 'check', check, ...(before ? { before } : {}) });
  }

  async #judge(checks: readonly string[], tell: (event: DevEvent) => void): Promise<void> {
    const limit = createLimit(atATime);
    const problems = new Set<string>();
    await Promise.all(
      checks.map((check) =>
        limit(async () => {
          try {
            const after = await this.#workshop.judge(this.#lab, check);
            const before = this.#verdicts.get(check);
            this.#verdicts.set(check, after);
            tell({ event: 'check', check, ...(before ? { before } : {}), after });
          } catch (error) {
            problems.add(messageOf(error));
          }
        }),
      ),
    );
    for (const problem of problems) this.#tell({ event: 'unknown', problem });
  }

  #compareFindings(now: readonly Finding[]): void {
    const [old, present] = [new Set(this.#findings.map(keyOf)), new Set(now.map(keyOf))];
    const found = now.filter((each) => !old.has(keyOf(each)));
    const mended = this.#findings.filter((each) => !present.has(keyOf(each)));
    this.#findings = now;
    if (found.length + mended.length > 0) this.#tell({ event: 'lint', found, mended });
  }

  async #compareCluster(): Promise<void> {
    const differences = await this.#workshop.differences(this.#lab).catch(() => []);
    const text = differences.join('\n');
    if (text !== this.#differences) this.#tell({ event: 'cluster', differences });
    this.#differences = text;
  }
}

const idsOf = ({ tasks }: LabDefinition): readonly string[] =>
  tasks.flatMap(({ id, checks }) => checks.map((check) => `${id}/${check.id}`));

/** Notes say only what could not be found out. */
const isProblem = ({ rule }: Finding): boolean => severityOf(rule) !== 'note';

/** Without the line: lines above may come and go. */
const keyOf = ({ file, rule, text }: Finding): string => `${file}\0${rule}\0${text.en}`;
