-- in_debt: Accounts that owe, or that nothing can be spent from.
SELECT a.customer_id, a.credit_tokens, a.debt_tokens, s.frozen
FROM credit_accounts a LEFT JOIN spending s USING (customer_id)
WHERE a.debt_tokens > 0 OR s.frozen IS NOT NULL ORDER BY a.debt_tokens DESC, a.customer_id LIMIT $1;
