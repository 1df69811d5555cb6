/** What a report can be written as: the ending of its file. */
export const reportForms = ['html', 'pdf'] as const;
export type ReportForm = (typeof reportForms)[number];
