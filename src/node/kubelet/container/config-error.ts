// The error of a container that cannot be started as its pod describes it.

/** The status shows the message with the reason CreateContainerConfigError. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}
