// JSON Schemas of formats whose owners publish none: what their specifications say in words.

const visibility = { enum: ['hidden', 'after_due_date', 'after_published', 'visible'] };
const outputFormat = { enum: ['text', 'html', 'simple_format', 'md', 'ansi'] };

/** gradescope-autograders.readthedocs.io, "Autograder Specifications", "Output format". */
export const gradescopeSchema = {
  type: 'object',
  required: ['tests'],
  additionalProperties: false,
  properties: {
    score: { type: 'number' },
    execution_time: { type: 'number', minimum: 0 },
    output: { type: 'string' },
    output_format: outputFormat,
    test_output_format: outputFormat,
    test_name_format: outputFormat,
    visibility,
    stdout_visibility: visibility,
    extra_data: { type: 'object' },
    leaderboard: { type: 'array' },
    tests: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['score', 'max_score'],
        properties: {
          score: { type: 'number' },
          max_score: { type: 'number' },
          status: { enum: ['passed', 'failed'] },
          name: { type: 'string' },
          name_format: outputFormat,
          number: { type: 'string' },
          output: { type: 'string' },
          output_format: outputFormat,
          tags: { type: 'array', items: { type: 'string' } },
          visibility,
          extra_data: { type: 'object' },
        },
      },
    },
  },
} as const;

/** imsglobal.org, "LTI Assignment and Grade Services 2.0", 3.4 "Score publish service"; its tool adds `userId`. */
export const ltiSchema = {
  type: 'object',
  required: ['timestamp', 'activityProgress', 'gradingProgress'],
  additionalProperties: false,
  properties: {
    // With a fraction of a second, and with a time zone.
    timestamp: { type: 'string', format: 'date-time', pattern: '\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d)$' },
    scoreGiven: { type: 'number', minimum: 0 },
    scoreMaximum: { type: 'number', exclusiveMinimum: 0 },
    comment: { type: 'string' },
    activityProgress: { enum: ['Initialized', 'Started', 'InProgress', 'Submitted', 'Completed'] },
    gradingProgress: { enum: ['FullyGraded', 'Pending', 'PendingManual', 'Failed', 'NotReady'] },
  },
} as const;
