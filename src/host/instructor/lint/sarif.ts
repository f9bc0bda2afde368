// The findings as SARIF 2.1.0, which code hosts show beside the lines.
import { isAbsolute, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Language, localize } from '../../../api/lab.ts';
import type { LintResult } from './lint.ts';
import { type RuleId, ruleTable, severityOf } from './rule-table.ts';

export interface SarifOptions {
  /** Of labs. */
  readonly version: string;
  readonly language: Language;
  /** The folder that paths are relative to. A code host takes it for the root of the repository. */
  readonly base: string;
}

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

export const sarifOf = (results: readonly LintResult[], { version, language, base }: SarifOptions) => ({
  $schema: schema,
  version: '2.1.0' as const,
  runs: [
    {
      tool: { driver: { name: 'labs lint', version, rules: rulesOf(language) } },
      columnKind: 'utf16CodeUnits' as const,
      originalUriBaseIds: { ROOT: { uri: `${pathToFileURL(base).href.replace(/\/$/, '')}/` } },
      results: results.flatMap(({ folder, findings }) =>
        findings.map(({ rule, file, line, column, text }) => ({
          ruleId: rule,
          ruleIndex: ruleIds.indexOf(rule),
          level: severityOf(rule),
          message: { text: localize(text, language) },
          locations: [
            {
              physicalLocation: {
                artifactLocation: locationOf(join(folder, file), base),
                region: { startLine: line, startColumn: column },
              },
            },
          ],
        })),
      ),
    },
  ],
});

const ruleIds = Object.keys(ruleTable) as RuleId[];

const rulesOf = (language: Language) =>
  ruleIds.map((id) => ({
    id,
    shortDescription: { text: localize(ruleTable[id].finds, language) },
    defaultConfiguration: { level: severityOf(id) },
  }));

const locationOf = (path: string, base: string) => {
  const inside = relative(base, path);
  if (inside.startsWith('..') || isAbsolute(inside)) return { uri: pathToFileURL(path).href };
  return { uri: inside.split(sep).map(encodeURIComponent).join('/'), uriBaseId: 'ROOT' };
};
