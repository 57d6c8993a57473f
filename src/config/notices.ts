// `notices:` of an account in bot.yaml: the forms in which followers are told what no message may tell them.
import { suggest } from '../core/base/suggest.ts';
import { t } from '../core/base/words/words.ts';
import {
  NOTICE_NAMES,
  NOTICE_PLACEHOLDERS,
  type Notice,
  type NoticeName,
  unknownPlaceholder,
} from '../core/messages/notice.ts';
import * as shape from '../core/yaml/schema.ts';

const { text, optional, required, object, mapOf } = shape;

const FIELD = text({
  what: t`what stands in the field`,
  oneLine: true,
  check: (value, say) => {
    const unknown = unknownPlaceholder(value);
    if (unknown !== undefined) say(t`unknown placeholder {{${unknown}}}${suggest(unknown, NOTICE_PLACEHOLDERS)}`);
  },
});
const FIELD_NAME = text({ what: t`a field of the template such as thing1`, pattern: /^[A-Za-z_]\w{0,31}$/ });
const TEMPLATE_ID = text({ what: t`the id of a template`, oneLine: true, pattern: /^[\w-]{1,64}$/ });

const NOTICE = object(
  t`a notice`,
  {
    template: optional(TEMPLATE_ID, 'a template message (模板消息)'),
    subscription: optional(TEMPLATE_ID, 'a subscription notice (订阅通知)'),
    data: required(mapOf('data', FIELD_NAME, FIELD), 'the fields of the template'),
    url: optional(shape.url(), 'what a tap opens'),
    miniprogram: optional(
      object(t`a mini program`, {
        appId: required(text({ what: t`an AppID`, oneLine: true, pattern: /^[A-Za-z0-9_-]{4,32}$/ })),
        path: required(text({ what: t`a page of the mini program`, oneLine: true })),
      }),
    ),
  },
  { oneOf: ['template', 'subscription'] },
);

export const NOTICES: shape.Shape<ReadonlyMap<NoticeName, Notice>> = shape.convert(
  mapOf('notices', shape.choice(t`a notice`, NOTICE_NAMES), NOTICE),
  written =>
    new Map(
      [...written].map(([name, { template, subscription, data, url, miniprogram }]) => [
        name,
        {
          kind: template === undefined ? 'subscription' : 'template',
          template: template ?? subscription!,
          data,
          ...(url !== undefined && { url }),
          ...(miniprogram && { miniprogram }),
        },
      ]),
    ),
);
