// Stands in for WeChat's own script (jweixin.js) on pages opened in the simulator: `wx.config`, and the bridge with the one
// function we know, `requestMerchantTransfer`, whose sheet it draws. Plain ES5: it is sent as it is.

export const STAND_IN = `(function () {
  'use strict';
  var base = new URL(document.currentScript.src).origin;
  var ready = [], failed = [], outcome;
  function post(path, body, done) {
    fetch(base + '/jsapi/' + path, { method: 'POST', credentials: 'include', headers: { 'content-type': 'text/plain' }, body: JSON.stringify(body) })
      .then(function (answer) { return answer.json(); })
      .then(done, function () { done({ err_msg: 'fail network' }); });
  }
  function element(parent, name, text, style) {
    var made = document.createElement(name);
    made.textContent = text;
    Object.keys(style).forEach(function (key) { made.style[key] = style[key]; });
    return parent.appendChild(made);
  }
  window.wx = {
    config: function (given) {
      var url = location.href.split('#')[0];
      post('config', Object.assign({ url: url }, given), function (answer) {
        outcome = answer.err_msg;
        if (outcome !== 'config:ok') console.warn(outcome);
        (outcome === 'config:ok' ? ready : failed).forEach(function (done) { done({ errMsg: outcome }); });
      });
    },
    ready: function (done) { if (outcome === 'config:ok') done(); else ready.push(done); },
    error: function (done) { if (outcome && outcome !== 'config:ok') done({ errMsg: outcome }); else failed.push(done); },
    checkJsApi: function (given) {
      var result = {};
      given.jsApiList.forEach(function (name) { result[name] = name === 'requestMerchantTransfer'; });
      given.success({ errMsg: 'checkJsApi:ok', checkResult: result });
    }
  };
  function transfer(given, done) {
    var name = 'requestMerchantTransfer:';
    if (outcome !== 'config:ok') return done({ err_msg: name + 'fail permission denied' });
    post('transfer', given, function (bill) {
      if (bill.err_msg !== 'ok') return done({ err_msg: name + bill.err_msg });
      var veil = element(document.body, 'div', '', { position: 'fixed', left: 0, right: 0, top: 0, bottom: 0, background: 'rgba(0,0,0,.5)', zIndex: 99 });
      var sheet = element(veil, 'div', '', { position: 'absolute', left: 0, right: 0, bottom: 0, padding: '24px', background: '#fff', borderRadius: '14px 14px 0 0', textAlign: 'center', color: '#191919' });
      sheet.setAttribute('role', 'dialog');
      element(sheet, 'p', bill.from + ' · ' + bill.remark, { margin: '0 0 8px' });
      if (bill.authorizes) element(sheet, 'p', '同时授权 ' + bill.authorizes + ' 免确认收款', { margin: '0 0 8px', color: '#576b95' }).id = 'wechat-authorizes';
      if (bill.amount) element(sheet, 'p', '¥' + (bill.amount / 100).toFixed(2), { margin: '0 0 20px', fontSize: '36px', fontWeight: '600' });
      var plain = { minHeight: '44px', width: '100%', border: 0, borderRadius: '8px', font: 'inherit' };
      var yes = element(sheet, 'button', '收款', Object.assign({ background: '#06ad56', color: '#fff', fontWeight: '600' }, plain));
      var no = element(sheet, 'button', '取消', Object.assign({ background: 'none', color: '#191919' }, plain));
      yes.id = 'wechat-confirm';
      no.onclick = function () { veil.remove(); done({ err_msg: name + 'cancel' }); };
      yes.onclick = function () {
        yes.disabled = true;
        post('confirm', given, function (answer) {
          veil.remove();
          done({ err_msg: name + answer.err_msg });
        });
      };
      yes.focus();
    });
  }
  window.WeixinJSBridge = {
    invoke: function (name, given, done) {
      if (name === 'requestMerchantTransfer') transfer(given, done);
      else done({ err_msg: name + ':fail no such function' });
    },
    call: function (name) { if (name === 'closeWindow') window.close(); }
  };
  document.dispatchEvent(new Event('WeixinJSBridgeReady'));
})();
`;
