// The target into which node02 boots wants kube-proxy.
import type { CheckScript } from 'kube-network-labs/lab';

export const check: CheckScript = async (lab) => {
  const { $ } = lab.node('node02');
  const units = await $`systemctl list-dependencies --plain default.target`.lines();
  if (units.some((line) => line.trim() === 'kube-proxy.service'))
    return { pass: true, observed: { en: 'the target wants kube-proxy', ko: '타깃에 kube-proxy가 포함됨' } };
  const target = (await $`systemctl get-default`.text()).trim();
  return {
    pass: false,
    expected: { en: `the target ${target} of node02 wants kube-proxy`, ko: `node02의 ${target}에 kube-proxy가 포함됨` },
    observed: { en: 'it does not', ko: '포함되지 않음' },
    hint: {
      en: '`WantedBy` in the unit names a target, and `systemctl enable` adds the unit to it.',
      ko: '유닛의 `WantedBy`에 타깃을 쓰고 `systemctl enable`을 실행하면 유닛이 그 타깃에 추가됩니다.',
    },
  };
};
