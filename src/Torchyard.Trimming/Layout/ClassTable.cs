using System.Globalization;
using Torchyard.Trimming.Fatbins;

namespace Torchyard.Trimming.Layout;

/// <summary>Adds device code up by kind and architecture.</summary>
public sealed class ClassTable
{
    private readonly Dictionary<(EntryKind Kind, int Number, string Name), CodeClass> _classes = [];

    /// <summary>What was added, machine code first, by architecture.</summary>
    public IReadOnlyList<CodeClass> Classes =>
        [
            .. _classes
                .OrderBy(one => Order(one.Key.Kind))
                .ThenBy(one => one.Key.Number)
                .ThenBy(one => one.Key.Name, StringComparer.Ordinal)
                .Select(one => one.Value),
        ];

    /// <summary>Adds what another table counted.</summary>
    public void Add(IEnumerable<CodeClass> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        foreach (var one in classes)
        {
            Add(one, NumberOf(one.Name));
        }
    }

    internal void Add(FatbinEntry entry, bool isKept) =>
        Add(
            new CodeClass
            {
                Name = NameOf(entry),
                Kind = entry.Kind,
                Entries = 1,
                KeptEntries = isKept ? 1 : 0,
                Bytes = entry.Bytes,
                KeptBytes = isKept ? entry.Bytes : 0,
            },
            entry.Architecture.Number
        );

    private void Add(CodeClass one, int number)
    {
        var key = (one.Kind, number, one.Name);
        _classes[key] = _classes.TryGetValue(key, out var known)
            ? known with
            {
                Entries = known.Entries + one.Entries,
                KeptEntries = known.KeptEntries + one.KeptEntries,
                Bytes = known.Bytes + one.Bytes,
                KeptBytes = known.KeptBytes + one.KeptBytes,
            }
            : one;
    }

    private static string NameOf(FatbinEntry entry)
    {
        var suffix = entry.Variant switch
        {
            EntryVariant.Plain => "",
            EntryVariant.Specific => "a",
            _ => "*",
        };
        return entry.Kind switch
        {
            EntryKind.Cubin => string.Create(CultureInfo.InvariantCulture, $"sm_{entry.Architecture.Number}{suffix}"),
            EntryKind.Ptx => string.Create(CultureInfo.InvariantCulture, $"compute_{entry.Architecture.Number}{suffix}"),
            EntryKind.LtoIr => string.Create(CultureInfo.InvariantCulture, $"lto_{entry.Architecture.Number}"),
            EntryKind.Debug => string.Create(CultureInfo.InvariantCulture, $"sm_{entry.Architecture.Number} debug"),
            _ => string.Create(CultureInfo.InvariantCulture, $"kind 0x{entry.RawKind:x}"),
        };
    }

    // Digits of a class's own name: "sm_90a" and "compute_90" are of 90.
    private static int NumberOf(string name)
    {
        var digits = new string([.. name.SkipWhile(c => c != '_').Skip(1).TakeWhile(char.IsAsciiDigit)]);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    private static int Order(EntryKind kind) =>
        kind switch
        {
            EntryKind.Cubin => 0,
            EntryKind.Ptx => 1,
            EntryKind.LtoIr => 2,
            EntryKind.Debug => 3,
            _ => 4,
        };
}
