// The error of a volume that the kubelet tries to set up again.

/** A volume cannot be set up now: the pod waits and the kubelet tries again. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}
