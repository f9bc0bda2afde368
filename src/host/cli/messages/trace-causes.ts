// Why a packet of `labs trace` ends: the English of the data plane → Korean. A cause without Korean stays English.

const causes: readonly (readonly [english: RegExp, korean: string])[] = [
  [/^no machine behind (\S+) of (\S+) answers for (\S+)$/, '$2의 $1 쪽에는 $3 주소에 응답하는 머신이 없습니다.'],
  [
    /^the neighbour entry of (\S+) has the address (\S+), which no machine has$/,
    '이웃 테이블에 있는 $1의 하드웨어 주소가 어느 머신에도 없습니다($2).',
  ],
  [/^no route$/, '맞는 경로가 없습니다.'],
  [/^no route leads back to (\S+)$/, '$1 주소로 돌아가는 경로가 없습니다.'],
  [/^(net\.\S+) is (\d+)$/, '$1 = $2'],
  [/^the source (\S+) is an address of this machine$/, '출발지 주소 $1: 이 머신의 주소입니다.'],
  [/^its time to live ended$/, 'TTL이 다했습니다.'],
];

export const causeInKorean = (by: string): string => {
  const found = causes.find(([english]) => english.test(by));
  return found ? by.replace(...found) : by;
};
