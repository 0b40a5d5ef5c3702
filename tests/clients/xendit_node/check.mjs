// Xendit's own client for Node.js against the fake at FAKE_URL: asks, reads, lists, simulates, refunds; invoices, customers, money, errors.
// Prints one line for each thing it has seen; ends with 1 at the first that is not so.
import assert from "node:assert/strict";
import xendit from "xendit-node";

const { Xendit } = xendit;
const client = new Xendit({ secretKey: process.env.FAKE_KEY, xenditURL: process.env.FAKE_URL });
const seen = (what) => console.log(`  ✓ ${what}`);

const methods = {
  QRIS: { type: "QR_CODE", reusability: "ONE_TIME_USE", qrCode: { channelCode: "QRIS" } },
  BCA: {
    type: "VIRTUAL_ACCOUNT",
    reusability: "ONE_TIME_USE",
    virtualAccount: { channelCode: "BCA", channelProperties: { customerName: "Sari" } },
  },
  OVO: {
    type: "EWALLET",
    reusability: "ONE_TIME_USE",
    ewallet: { channelCode: "OVO", channelProperties: { mobileNumber: "+6281290011223" } },
  },
};

const requests = {};
for (const [name, paymentMethod] of Object.entries(methods)) {
  const data = { referenceId: `node-${name}`, currency: "IDR", country: "ID", amount: 50000, paymentMethod };
  const idempotencyKey = `node-${name}`;
  const made = await client.PaymentRequest.createPaymentRequest({ idempotencyKey, data });
  const again = await client.PaymentRequest.createPaymentRequest({ idempotencyKey, data });
  assert.equal(again.id, made.id);
  assert.equal(made.amount, 50000);
  const paymentRequestId = made.id;
  assert.equal((await client.PaymentRequest.getPaymentRequestByID({ paymentRequestId })).status, "REQUIRES_ACTION");
  const listed = await client.PaymentRequest.getAllPaymentRequests({ referenceId: [`node-${name}`] });
  assert.deepEqual(listed.data.map((one) => one.id), [made.id]);
  await client.PaymentRequest.simulatePaymentRequestPayment({ paymentRequestId });
  assert.equal((await client.PaymentRequest.getPaymentRequestByID({ paymentRequestId })).status, "SUCCEEDED");
  const captures = await client.PaymentRequest.getPaymentRequestCaptures({ paymentRequestId });
  assert.deepEqual(captures.data.map((one) => one.capturedAmount), [50000]);
  requests[name] = made;
  seen(`${name}: asked once for one idempotency key, found by reference, paid, captured`);
}
const shown = requests.QRIS.paymentMethod.qrCode.channelProperties.qrString;
assert.ok(shown.startsWith("000201"));
assert.match(requests.BCA.paymentMethod.virtualAccount.channelProperties.virtualAccountNumber, /^\d+$/);
seen("a QR text and an account number are where the client's models have them");

const whole = await client.PaymentRequest.createPaymentRequest({
  data: {
    referenceId: "node-whole", currency: "IDR", country: "ID", amount: 50000, paymentMethod: methods.QRIS, description: "Kelas", metadata: { a: "b" },
    items: [{ name: "Kelas", quantity: 1, price: 50000, currency: "IDR", category: "kelas", type: "DIGITAL_PRODUCT" }],
    captureMethod: "MANUAL",
  },
});
assert.equal(whole.items[0].name, "Kelas");
assert.deepEqual([whole.description, whole.metadata.a], ["Kelas", "b"]);
await client.PaymentRequest.simulatePaymentRequestPayment({ paymentRequestId: whole.id });
const part = await client.PaymentRequest.capturePaymentRequest({ paymentRequestId: whole.id, data: { captureAmount: 40000 } });
assert.deepEqual([part.capturedAmount, part.authorizedAmount], [40000, 50000]);
seen("items and metadata come back, part of what is reserved is captured");

const wish = { paymentRequestId: requests.QRIS.id, amount: 20000, currency: "IDR", reason: "REQUESTED_BY_CUSTOMER" };
const refund = await client.Refund.createRefund({ idempotencyKey: "node-refund", data: wish });
assert.equal((await client.Refund.getRefund({ refundID: refund.id })).amount, 20000);
const refunds = await client.Refund.getAllRefunds({ paymentRequestId: requests.QRIS.id });
assert.deepEqual(refunds.data.map((one) => one.id), [refund.id]);
seen("part of a payment goes back");

const balance = await client.Balance.getBalance({ accountType: "CASH" });
assert.ok(balance.balance >= 130000);
const rows = await client.Transaction.getAllTransactions({ referenceId: "node-BCA" });
assert.deepEqual(rows.data.map((one) => [one.type, one.amount]), [["PAYMENT", 50000]]);
assert.equal((await client.Transaction.getTransactionByID({ id: rows.data[0].id })).referenceId, "node-BCA");
const page = await client.Transaction.getAllTransactions({ limit: 2 });
assert.deepEqual([page.data.length, page.hasMore], [2, true]);
seen("balance and transactions, page by page");

const invoice = await client.Invoice.createInvoice({
  data: { externalId: "node-invoice", amount: 75000, payerEmail: "sari@contoh.id", description: "Kelas" },
});
assert.equal((await client.Invoice.getInvoiceById({ invoiceId: invoice.id })).status, "PENDING");
assert.deepEqual((await client.Invoice.getInvoices({ externalId: "node-invoice" })).map((one) => one.id), [invoice.id]);
assert.equal((await client.Invoice.expireInvoice({ invoiceId: invoice.id })).status, "EXPIRED");
const ended = await client.Invoice.getInvoices({ statuses: ["EXPIRED"], limit: 5 });
assert.deepEqual(ended.map((one) => one.id), [invoice.id]);
seen("an invoice, from its page to its end");

const person = { referenceId: "node-customer", type: "INDIVIDUAL", individualDetail: { givenNames: "Sari" } };
const customer = await client.Customer.createCustomer({ data: person });
assert.equal((await client.Customer.getCustomer({ id: customer.id })).referenceId, "node-customer");
const found = await client.Customer.getCustomerByReferenceID({ referenceId: "node-customer" });
assert.deepEqual(found.data.map((one) => one.id), [customer.id]);
const firm = await client.Customer.createCustomer({
  data: { referenceId: "node-firm", type: "BUSINESS", businessDetail: { businessName: "PT Sari" }, addresses: [{ country: "ID", city: "Bandung" }] },
});
assert.equal((await client.Customer.getCustomer({ id: firm.id })).addresses[0].city, "Bandung");
seen("customers, people and firms");

await assert.rejects(client.PaymentRequest.getPaymentRequestByID({ paymentRequestId: "pr-none" }), (error) => {
  assert.deepEqual([error.status, error.errorCode], [404, "DATA_NOT_FOUND"]);
  return true;
});
const stranger = new Xendit({ secretKey: "wrong", xenditURL: process.env.FAKE_URL });
await assert.rejects(stranger.Balance.getBalance({}), (error) => {
  assert.deepEqual([error.status, error.errorCode], [401, "INVALID_API_KEY"]);
  return true;
});
seen("errors, with their codes");
