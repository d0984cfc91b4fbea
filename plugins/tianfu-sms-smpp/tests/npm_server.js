// A message centre by npm's smpp: answers each submit, and sends a receipt and an inbound message.
const smpp = require('smpp');

let number = 0;
const receivers = [];
const server = smpp.createServer((session) => {
  session.on('error', () => {});
  const bound = (pdu) => {
    const fine = pdu.password === 'secret';
    session.send(pdu.response({ command_status: fine ? 0 : smpp.ESME_RINVPASWD, system_id: 'npm' }));
    if (fine && pdu.command !== 'bind_transmitter') receivers.push(session);
  };
  for (const kind of ['bind_transceiver', 'bind_receiver', 'bind_transmitter']) session.on(kind, bound);
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('query_sm', (pdu) => session.send(pdu.response({ message_id: pdu.message_id, message_state: 2 })));
  session.on('submit_sm', (pdu) => {
    number += 1;
    if (pdu.destination_addr.endsWith('99')) {
      session.send(pdu.response({ command_status: smpp.ESME_RMSGQFUL }));
      return;
    }
    const id = `n${number}`;
    session.send(pdu.response({ message_id: id }));
    const whole = pdu.message_payload || pdu.short_message;
    console.log(JSON.stringify({
      to: pdu.destination_addr, from: pdu.source_addr, text: whole.message,
      parts: pdu.esm_class === 0x40 ? whole.udh.map((one) => one.toString('hex')) : [],
    }));
    const receiver = receivers[receivers.length - 1];
    receiver.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2601010829 done date:2601010830 stat:DELIVRD err:000 text:`,
      receipted_message_id: id, message_state: 2,
    });
    receiver.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr,
      data_coding: 8, short_message: '退订',
    });
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log(JSON.stringify({ ready: true })));
