// What the folders below the command line can write in English has a Korean translation. The texts come from the
// sources, so a new error without Korean fails here.
import { describe, expect, test } from 'vitest';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { bringUp, resume, setUpLab, wakeFabric } from '../../../src/host/cluster/bring-up.ts';
import { allSentences } from '../../../src/host/korean/translate.ts';
import { argumentsOf, pieces, propertiesOf, returnsIn, type WrittenText } from './written-texts.ts';

const say = messagesIn('ko');

const ofLabs = /^src\/host\/(lab|grade\/checks)\//;

/** What users see, by the place in the sources where it is written. */
const kinds: Readonly<Record<string, readonly WrittenText[]>> = {
  'messages of errors': argumentsOf('LabError', 1),
  // The hints of checks have both languages beside each other (`words` of a kind).
  'hints of errors': propertiesOf('hint').filter(({ at }) => !at.startsWith('src/host/grade/')),
  'errors of the fabric': argumentsOf('AgentError', 1),
  'failures of traffic': argumentsOf('failed', 1, /^src\/fabric\/probe/),
  'causes of broken checks': [
    ...argumentsOf('BrokenFact', 0),
    ...argumentsOf('Error', 0, /^src\/host\/grade\//),
    ...argumentsOf('fromEnglish', 0, /^src\/host\/grade\//),
    ...argumentsOf('WrongCall', 0),
  ],
  'conditions to wait for': argumentsOf('eventually', 0),
  'states seen before a timeout': [...argumentsOf('notYet', 0), ...returnsIn(/^src\/host\/cluster\/conditions/)],
  warnings: argumentsOf('push', 0, /^src\/host\/cluster\/way-in/),
  'problems while undoing': [
    ...argumentsOf('Error', 0, /^src\/kit\/undo/),
    ...argumentsOf('push', 0, /^src\/host\/(cluster|image|setup)\//),
  ],
  'intentions of the set-up': propertiesOf('intention'),
  'details of steps': [
    ...propertiesOf('run', /^src\/host\/cluster\//),
    ...argumentsOf('step', 2, /^src\/host\/setup\//),
  ],
  'output of long steps': argumentsOf('onProgress', 0, /^src\/host\/(?!cli)/),
  'problems of a lab.yaml': [
    ...propertiesOf('message', ofLabs),
    ...propertiesOf('error', ofLabs),
    ...argumentsOf('problemAt', 1),
    ...argumentsOf('refine', 1, ofLabs),
    ...argumentsOf('regex', 1, ofLabs),
    ...argumentsOf('RangeError', 0, ofLabs),
    ...returnsIn(/^src\/host\/lab\/problem\.ts/),
    // Before a problem stands the path of its field. Words for a value are parts of sentences.
  ]
    .map(({ at, text }) => ({ at, text: text.replace(/^(‹0›|[a-z]+): /, '') }))
    .filter(({ text }) => !/^(nothing|a list|a map)( ‹0›)?$/.test(text)),
  'lines of the doctor': [...propertiesOf('detail', /^src\/host\/setup\//), ...propertiesOf('remedy')],
};

/** These stay English: only a defect of labs leads to them, and whoever reports it needs the words of the source. */
const defects: readonly RegExp[] = [
  /^there is no method "/,
  /^a cluster can only be completed by the agent that holds the claim$/,
  /is not an absolute path$/,
  /^another agent holds it$|until the claim is free|^the claim is free$/,
  /^facts of the kernel are gathered by place$/,
  /^check \S+ was not evaluated$/,
  /^there is no kind of check called "/,
  /^the check looked at no place$/,
];

/** Names that Korean engineers write in English, commands without a mark, and units. */
const names = new Set(
  `Docker Engine Desktop Colima Debian Ubuntu macOS Windows WSL VXLAN JSON YAML URL API Ready Node npm curl
  DOCKER CONTEXT HOST labs kube proxy apiserver kubelet kubectl kubeconfig KUBECONFIG systemd iptables ipvs nftables
  mmdebstrap sudo root http https ms GB MB GiB cgroup SHELL docker CAP SYS ADMIN DNS mv
  PEM Ed git MiB client ID userns remap rootless seccomp CONFIG USER NS SECCOMP FILTER ext xfs btrfs`.split(/\s+/),
);

/** English words of a text beside names, paths, quotes and commands. */
const englishIn = (text: string): readonly string[] =>
  (
    text
      .replace(/`[^`]*`|"[^"]*"|sudo modprobe \w+|\w+:\/\/|apt-get|--\w+|node\/\*/g, ' ')
      .replace(/[\w@-]*([/._=:][\w@-]+)+/g, ' ')
      .match(/[A-Za-z]{2,}/g) ?? []
  ).filter((word) => !names.has(word));

describe('in Korean', () => {
  test.each(Object.entries(kinds))('no English is left in the %s', (_, texts) => {
    const english = texts.filter(({ text }) => englishIn(text).length > 0 && !defects.some((one) => one.test(text)));
    expect(english.length).toBeGreaterThan(0);
    const untranslated = english
      .map(({ at, text }) => ({ at, text, korean: say.fromEnglish(text) }))
      .filter(({ korean }) => englishIn(korean).length > 0);
    expect(untranslated).toEqual([]);
  });

  test('every step has a title', () => {
    const ofSetup = argumentsOf('step', 0, /^src\/host\/setup\//).map(({ text }) => text);
    expect(ofSetup.length).toBeGreaterThan(3);
    const steps = [...bringUp, ...resume, setUpLab, wakeFabric].map(({ name }) => name);
    for (const name of [...steps, ...ofSetup]) expect(say.steps[name], name).toMatch(/[가-힣]/);
  });

  test('every sentence is one that the sources have', () => {
    const known = [...pieces, ...Object.values(kinds).flatMap((texts) => texts.map(({ text }) => text))].join('\n');
    const unknown = allSentences
      .flatMap((sentences) => Object.keys(sentences))
      .filter((english) => !english.split(/\{\w+\}/).every((piece) => known.includes(piece)))
      // Two texts of the sources that a list joins.
      .filter((english) => english !== 'node image and pod images');
    expect(unknown).toEqual([]);
  });

  test('a sentence has the gaps of the English, and stands in one table only', () => {
    const gapsOf = (text: string): readonly string[] => [...new Set(text.match(/\{\w+\}/g))].sort();
    const all = allSentences.flatMap((sentences) => Object.entries(sentences));
    for (const [english, korean] of all) expect(gapsOf(korean), english).toEqual(gapsOf(english));
    expect(new Set(all.map(([english]) => english)).size).toBe(all.length);
  });
});
