// Parameters that nothing uses.
import { recordOf } from '../../../lab/raw.ts';
import { type Finding, finding } from '../finding.ts';
import type { LabSource } from '../source.ts';

export const parameterRules = (source: LabSource): readonly Finding[] =>
  Object.keys(recordOf(source.raw.params))
    .filter((name) => !isUsed(name, source))
    .map((name) =>
      finding(
        'unused-parameter',
        source.at(['params'], name),
        `nothing uses the parameter "${name}": write \${param:${name}} where its value belongs, or delete it`,
        `쓰이지 않는 매개변수: "${name}". 값이 필요한 곳에 \${param:${name}} 형식으로 쓰거나 지우세요`,
      ),
    );

/** A script may take it out of `lab.params` in any way. */
const isUsed = (name: string, { files, scripts }: LabSource): boolean =>
  [...files].some(
    ([file, content]) =>
      content.includes(`{param:${name}}`) ||
      (scripts.has(file) && content.includes('params') && content.split(/[^\w$]+/).includes(name)),
  );
