import { expect, test } from 'vitest';
import { compareAnswer } from '../../../../src/host/grade/checks/meaning.ts';

test.each([
  ['to:10.244.1.2:3306', '10.244.1.2:3306'],
  ['10.244.1.2 port 3306', '10.244.1.2:3306'],
  ['10.244.1.2, 3306', '10.244.1.2:3306'],
  ['10.244.1.2 : 3306.', '10.244.1.2:3306'],
  ['--to-destination 10.244.1.2:3306', '10.244.1.2:3306'],
  ['10.96.0.0 / 12', '10.96.0.0/12'],
  ['10.96.0.0-10.111.255.255', '10.96.0.0/12'],
  ['10.96.0.0 – 10.111.255.255', '10.96.0.0/12'],
  ['10.96.0.0 to 10.111.255.255.', '10.96.0.0/12'],
  ['10.111.255.255.', '10.111.255.255'],
  ['five', '5'],
  ['5 rules', '5'],
  ['Five rules.', '5'],
  ['다섯 개', '5'],
  ['5개', '5'],
  ['５', '5'],
  ['１０．２４４．１．２：３３０６', '10.244.1.2:3306'],
  ['.5', '0.5'],
  ['0.5000', '0.5'],
  ['50 %', '0.5'],
  ['50%', '0.5'],
  ['1/2', '0.5'],
  ['half', '0.5'],
  [' "Kubelet". ', 'kubelet'],
  ['\n10.244.1.1\n\n10.244.1.1\n', '10.244.1.1'],
  ['some words\n10.244.1.1', '10.244.1.1'],
])('understands %j as %s', (answer, right) => {
  expect(compareAnswer(answer, [right])).toEqual({ understood: true, right: true });
});

test.each([
  ['10.244.1.3:3306', '10.244.1.2:3306'],
  ['10.96.0.0-10.111.255.254', '10.96.0.0/12'],
  ['10.96.0.0/16', '10.96.0.0/12'],
  ['six', '5'],
  ['5', '0.5'],
  ['kube-proxy', 'kubelet'],
])('%j is wrong where %s is right', (answer, right) => {
  expect(compareAnswer(answer, [right])).toEqual({ understood: true, right: false });
});

test.each([
  ['10.244.1.2', '10.244.1.2:3306', 'endpoint'],
  ['10.300.1.2:80', '10.244.1.2:3306', 'endpoint'],
  ['10.96.0.0', '10.96.0.0/12', 'network'],
  ['the last one', '10.111.255.255', 'address'],
  ['many', '5', 'count'],
  ['often', '0.5', 'share'],
  ['4\n5\n6', '5', 'count'],
  ['kube-proxy\nkubelet', 'kubelet', 'text'],
])('%j is not understood where %s is right, and so is not wrong', (answer, right, form) => {
  expect(compareAnswer(answer, [right])).toEqual({ understood: false, forms: [form] });
});
