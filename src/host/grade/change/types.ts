// What a `change` check asks for, and what became of it.
import type { PlaceRef } from '../../../api/lab.ts';

export const changeActions = [
  'delete-pod',
  'add-endpoint',
  'restart-kube-proxy',
  'scale',
  'stop-node',
  'reboot-node',
] as const;
export type ChangeAction = (typeof changeActions)[number];

export interface ChangeRequest {
  readonly action: ChangeAction;
  /** `pod/…`, `service/…`, `node/…` or `deployment/…`: what the action changes. */
  readonly object: string;
  /** For `scale`. */
  readonly replicas?: number;
  /** Where the traffic starts. */
  readonly from: PlaceRef;
  /** `address:port` */
  readonly to: string;
  /** Requests each second, whether the earlier ones are answered or not. */
  readonly rate: number;
  readonly convergesMs: number;
  /** Other requests at the same rate. */
  readonly during?: readonly DuringRequest[];
}

/** A connection, or with `url` a page. */
export type DuringRequest =
  | { readonly from: PlaceRef; readonly to: string }
  | { readonly from: PlaceRef; readonly url: string; readonly status: number; readonly body?: string };

export interface ChangeOutcome extends TrafficCounts {
  /** How long it took until packets went where they should. */
  readonly convergedMs?: number;
  /** What was not as it should be at the end of the time. */
  readonly seen?: string;
  /** What keeps the cluster from being as before the change, where the student's work is the cause. */
  readonly left?: string;
  /** In the order of the request's `during`. */
  readonly during?: readonly TrafficCounts[];
}

export interface TrafficCounts {
  readonly sent: number;
  readonly failed: number;
  /** How the first request failed. */
  readonly failure?: string;
}

/** So many milliseconds after its last sign of life, the cluster takes a node for dead: the controllers' default. */
export const nodeGraceMs = 40_000;
