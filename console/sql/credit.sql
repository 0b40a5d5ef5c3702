-- in_debt: Accounts that owe, or that nothing can be spent from.
SELECT a.customer_id, a.credit_tokens, a.debt_tokens, s.frozen_reason AS frozen
FROM (
    SELECT customer_id FROM credit_accounts WHERE debt_tokens > 0
    UNION SELECT customer_id FROM spending WHERE frozen_reason IS NOT NULL
) AS troubled JOIN credit_accounts a USING (customer_id) LEFT JOIN spending s USING (customer_id)
ORDER BY a.debt_tokens DESC, a.customer_id LIMIT $1;
