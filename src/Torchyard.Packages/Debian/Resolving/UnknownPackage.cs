using Torchyard.Packages.Debian.Indexes;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>Says that a package does not exist, and which names are near.</summary>
internal static class UnknownPackage
{
    private const int MostNames = 5;

    /// <summary>The error for a name without a package.</summary>
    /// <param name="universe">The packages.</param>
    /// <param name="name">The name asked for.</param>
    /// <param name="id">Its number, or -1.</param>
    public static TorchyardException Describe(PackageUniverse universe, string name, int id)
    {
        var providers = new SortedSet<string>(StringComparer.Ordinal);
        if (id >= 0)
        {
            foreach (var provide in universe.ProvidersOf(id))
            {
                providers.Add(universe.Names.Text(provide.Package.Name));
            }
        }

        if (providers.Count > 0)
        {
            return new TorchyardException(
                "TY2040",
                $"{name} is a virtual package; more than one package provides it",
                $"name one of: {string.Join(", ", providers.Take(12))}"
            )
            {
                IsUsage = true,
            };
        }

        if (universe.LeftOutOf(id) is { } archive)
        {
            return new TorchyardException(
                "TY2040",
                $"no package is called {name} in these archives but in {archive}, whose 'packages' does not name it",
                $"add \"{name}\" to 'packages' of that archive"
            )
            {
                IsUsage = true,
            };
        }

        var near = NearestNames(universe, name);
        return new TorchyardException(
            "TY2040",
            $"no package is called {name} in these archives",
            near.Count > 0
                ? $"did you mean {string.Join(", ", near)}? If the name is right, the suite or component "
                    + "that has it is missing from the recipe's [base]"
                : "check the name, and whether the recipe's [base] lists the suite and component that has it"
        )
        {
            IsUsage = true,
        };
    }

    /// <summary>Existing names that differ least, best first.</summary>
    public static IReadOnlyList<string> NearestNames(PackageUniverse universe, string name)
    {
        var limit = Math.Max(1, name.Length / 3);
        var found = new List<(int Distance, string Name)>();
        for (var id = 0; id < universe.Names.Count; id++)
        {
            if (universe.CandidateOf(id) is null)
            {
                continue;
            }

            var other = universe.Names.Text(id);
            var distance = Math.Abs(other.Length - name.Length) <= limit ? Distance(name, other, limit) : limit + 1;
            if (distance > limit && name.Length >= 4 && other.EndsWith("-" + name, StringComparison.Ordinal))
            {
                // torch: python3-torch.
                distance = limit;
            }

            if (distance <= limit)
            {
                found.Add((distance, other));
            }
        }

        return
        [
            .. found
                .OrderBy(entry => entry.Distance)
                .ThenBy(entry => entry.Name, StringComparer.Ordinal)
                .Take(MostNames)
                .Select(entry => entry.Name),
        ];
    }

    // Levenshtein distance with swaps of neighbours counted once; gives up above the limit.
    private static int Distance(string left, string right, int limit)
    {
        Span<int> before = stackalloc int[right.Length + 1];
        Span<int> last = stackalloc int[right.Length + 1];
        Span<int> row = stackalloc int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++)
        {
            last[j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            row[0] = i;
            var best = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = left[i - 1] == right[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }

                best = Math.Min(best, row[j]);
            }

            if (best > limit)
            {
                return limit + 1;
            }

            last.CopyTo(before);
            row.CopyTo(last);
        }

        return last[right.Length];
    }
}
