-- What runs on each host, the facts of product_fact side by side. One row: one host. NULL: nobody tells.
-- …_by: how it is known; several_…: evidence as good tells other versions of the file; hotfix_…: installed, where a list or
-- folder names it; zombie: the registry value ZombieDomainEntryThreshold; smtpsvc_registry: exported, where that part was seen at all.
CREATE OR REPLACE TABLE host_product AS
SELECT
    h.host,
    max(f.value) FILTER (WHERE f.fact = 'os') AS os,
    max(f.known_by) FILTER (WHERE f.fact = 'os') AS os_by,
    max(f.value) FILTER (WHERE f.fact = 'os_sp') AS os_sp,
    max(f.value) FILTER (WHERE f.fact = 'exchange') AS exchange,
    max(f.known_by) FILTER (WHERE f.fact = 'exchange') AS exchange_by,
    max(f.value) FILTER (WHERE f.fact = 'exchange_sp') AS exchange_sp,
    max(f.value) FILTER (WHERE f.fact = 'has_exchange') AS has_exchange,
    max(f.known_by) FILTER (WHERE f.fact = 'has_exchange') AS has_exchange_by,
    max(f.value) FILTER (WHERE f.fact = 'role') AS role,
    max(f.known_by) FILTER (WHERE f.fact = 'role') AS role_by,
    max(f.value) FILTER (WHERE f.fact = 'file:aqueue.dll') AS aqueue,
    coalesce(max(array_length(f.others)) FILTER (WHERE f.fact = 'file:aqueue.dll') > 0, false) AS several_aqueue,
    max(f.value) FILTER (WHERE f.fact = 'hotfix:KB910932') AS hotfix_910932,
    max(f.value) FILTER (WHERE f.fact = 'hotfix:KB934709') AS hotfix_934709,
    max(f.known_by) FILTER (WHERE f.fact = 'hotfix:KB934709') AS hotfix_934709_by,
    max(try_cast(f.value AS BIGINT)) FILTER (WHERE f.fact = 'reg:zombiedomainentrythreshold') AS zombie,
    max(f.value) FILTER (WHERE f.fact = 'reg:smtpsvc') AS smtpsvc_registry
FROM (SELECT host FROM source WHERE host IS NOT NULL UNION SELECT host FROM product_fact) AS h
LEFT JOIN product_fact AS f ON f.host = h.host
GROUP BY h.host;
