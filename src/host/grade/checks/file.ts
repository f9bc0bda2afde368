// The file check: a file on a node exists, and has the right content.
import * as z from 'zod';
import { brief, contains, type TextMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { absolutePath, machinePlace, match } from './fields.ts';
import { checkKind } from './kind.ts';

/** Only this many bytes at the end of the file are read. */
const tailBytes = 1 << 18;

const english = {
  fileExpected: (on: string, path: string, exists: boolean, content: TextMatch | undefined) =>
    exists
      ? `${en.where(on)} has the file ${path}${en.quoted(content, (text) => ` with ${text} in it`)}`
      : `${en.where(on)} has no file ${path}`,
  hasFile: (node: string, path: string, has: boolean) => `${node} has ${has ? 'the' : 'no'} file ${path}`,
  fileContent: (node: string, path: string, content: string) => `${path} on ${node}: ${content || '(empty)'}`,
};

const korean: typeof english = {
  fileExpected: (on, path, exists, content) =>
    exists
      ? `${ko.where(on)}에 ${path} 파일 있음${ko.quoted(content, (text) => `, 내용에 ${text} 포함`)}`
      : `${ko.where(on)}에 ${path} 파일 없음`,
  hasFile: (node, path, has) => `${node}에 ${path} 파일 ${has ? '있음' : '없음'}`,
  fileContent: (node, path, content) => `${node}의 ${path}: ${content || '(비어 있음)'}`,
};

export const fileCheck = checkKind({
  type: 'file',
  summary: 'A file exists, and contains a text.',
  fields: {
    on: machinePlace,
    path: absolutePath,
    exists: z.boolean().default(true).meta({ description: 'false: there may be no such file.' }),
    content: match.exactOptional().meta({ description: 'What the file contains.', examples: ['KUBE-SVC'] }),
  },
  words: { en: english, ko: korean },
  expected: ({ on, path, exists, content }, say) => say.fileExpected(on, path, exists, content),
  judge({ on, path, exists, content }, view, say) {
    return view.places.each(on, ({ machine, label }) => {
      const file = view.facts.one<'file'>({ kind: 'file', machine, path, tailBytes });
      if (!file.exists || !exists)
        return { holds: file.exists === exists, observed: say.hasFile(label, path, file.exists) };
      return {
        holds: content === undefined || contains(content, file.content),
        observed: say.fileContent(label, path, brief(file.content, 100)),
      };
    });
  },
});
