// The canonical report as JSON.
import type { Report } from '../../../api/report.ts';

export const renderJson = (report: Report): string => `${JSON.stringify(report, null, 2)}\n`;
