# The target of a Makefile that is nearest to `asked`: fewest letters to add, drop, change or swap; nothing when more than half differ.
function least(one, two) { return one < two ? one : two }
function distance(a, b,    i, j, d, cost) {
    for (i = 0; i <= length(a); i++) d[i, 0] = i
    for (j = 0; j <= length(b); j++) d[0, j] = j
    for (i = 1; i <= length(a); i++)
        for (j = 1; j <= length(b); j++) {
            cost = substr(a, i, 1) != substr(b, j, 1)
            d[i, j] = least(least(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost)
            if (i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
                d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
        }
    return d[length(a), length(b)]
}
/^[a-z-]+:.*## / {
    split($0, words, ":")
    apart = distance(asked, words[1])
    if (apart * 2 <= length(asked) && (best == "" || apart < far)) { best = words[1]; far = apart }
}
END { print best }
