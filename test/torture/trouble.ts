// WeChat Pay's bad days, as words: which faults there are, and why a transfer fails.

export const FAULTS = [
  'lostReply',
  'errorAfterSent',
  'errorNothingStored',
  'processing',
  'processingThenFailed',
  'slow',
  'truncated',
  'html502',
  'unknownCode',
  'extraElements',
  'noAuthUser',
  'notEnough',
  'freqLimit',
  'noAuthIp',
  'noAuthProduct',
] as const;

/** No list of WeChat Pay's has it: nobody can tell whether another number would pay twice, or never. */
export const UNKNOWN_REASON = 'NOBODY_KNOWS_THIS';
/** `fail_reason` of a bill. */
export const TRANSFER_REASONS = [
  'PAYER_ACCOUNT_ABNORMAL',
  'DAY_RECEIVED_QUOTA_EXCEED',
  'TRANSFER_RISK',
  'MERCHANT_REJECT',
  'BLOCK_B2C_USERLIMITAMOUNT_MONTH',
  UNKNOWN_REASON,
];
