// The error for a container that cannot be started because of its pod's specification.

/** The status shows the message with the reason CreateContainerConfigError. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}
