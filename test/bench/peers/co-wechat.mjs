// The peer: co-wechat on Koa 2, as its README shows it. It says what it hears.

import wechat from 'co-wechat';
import Koa from 'koa';

const { token, appid, encodingAESKey, mode } = JSON.parse(process.argv[2]);
const config = mode === 'safe' ? { token, appid, encodingAESKey } : { token, appid };
const app = new Koa();
app.use(wechat(config).middleware(async message => message.Content || message.Event));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
