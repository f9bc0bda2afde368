// The files of a control group that limit memory and CPU, and their content. Pure; cgroup.ts writes them.

export type Controller = 'memory' | 'cpu';

/** Absent values mean no limit. */
export interface GroupLimits {
  readonly memoryBytes?: number;
  /** CPU time in thousandths of a core. */
  readonly cpuLimitMilli?: number;
  /** The weight against other groups, in thousandths of a core. */
  readonly cpuRequestMilli?: number;
}

export interface LimitFile {
  readonly file: string;
  readonly value: string;
  /** The kernel may lack the file or refuse the value. */
  readonly optional?: boolean;
}

/** In the order of writing. @param version of cgroups */
export const limitFiles = (
  version: 1 | 2,
  controllers: readonly Controller[],
  { memoryBytes, cpuLimitMilli, cpuRequestMilli }: GroupLimits,
): LimitFile[] => {
  const files = version === 2 ? secondVersion : firstVersion;
  const [memory, cpu] = [controllers.includes('memory'), controllers.includes('cpu')];
  return [
    ...(memory && memoryBytes !== undefined ? files.memory(memoryBytes) : []),
    ...(cpu && cpuLimitMilli !== undefined ? files.cpu(quota(cpuLimitMilli)) : []),
    ...(cpu && cpuRequestMilli !== undefined ? [files.weight(shares(cpuRequestMilli))] : []),
  ];
};

/** In microseconds. */
const period = 100_000;
/** The kernel accepts no quota below 1 ms. */
const quota = (milli: number): number => Math.max(Math.floor((milli * period) / 1000), 1000);
const shares = (milli: number): number => Math.min(Math.max(Math.floor((milli * 1024) / 1000), 2), 262_144);

interface Version {
  memory(bytes: number): LimitFile[];
  cpu(quota: number): LimitFile[];
  weight(shares: number): LimitFile;
}

const firstVersion: Version = {
  memory: (bytes) => [
    { file: 'memory.limit_in_bytes', value: String(bytes) },
    // Memory and swap together, so that the group cannot swap.
    { file: 'memory.memsw.limit_in_bytes', value: String(bytes), optional: true },
  ],
  cpu: (quota) => [
    { file: 'cpu.cfs_period_us', value: String(period) },
    // The kernel refuses a quota above the node's own. The node's quota then limits the group.
    { file: 'cpu.cfs_quota_us', value: String(quota), optional: true },
  ],
  weight: (shares) => ({ file: 'cpu.shares', value: String(shares) }),
};

const secondVersion: Version = {
  memory: (bytes) => [
    { file: 'memory.max', value: String(bytes) },
    { file: 'memory.swap.max', value: '0', optional: true },
    { file: 'memory.oom.group', value: '1', optional: true },
  ],
  cpu: (quota) => [{ file: 'cpu.max', value: `${quota} ${period}` }],
  // Shares go from 2 to 262144, weights from 1 to 10000. This is the original kubelet's conversion.
  weight: (shares) => ({ file: 'cpu.weight', value: String(1 + Math.floor(((shares - 2) * 9999) / 262_142)) }),
};
