// The formats of a report, by the name in `--report NAME[=FILE]`. Each format is a pure function. The titles in a
// report are in the language already.
import type { Language } from '../../../api/lab.ts';
import type { Report } from '../../../api/report.ts';
import { renderCsv } from './csv.ts';
import { renderGithub } from './github.ts';
import { renderGradescope } from './gradescope.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderLti } from './lti.ts';
import { renderMarkdown } from './markdown.ts';
import { renderTap } from './tap.ts';
import { renderText } from './text.ts';

export const reportFormats = {
  json: renderJson,
  junit: renderJunit,
  tap: renderTap,
  gradescope: renderGradescope,
  github: renderGithub,
  csv: renderCsv,
  lti: renderLti,
  markdown: renderMarkdown,
  text: (report, language) => renderText(report, { width: 100, color: false, language }),
} as const satisfies Record<string, (report: Report, language: Language) => string>;

export type ReportFormat = keyof typeof reportFormats;
