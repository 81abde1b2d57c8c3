using System.Diagnostics;

namespace Torchyard.Fuzz.Engine;

/// <summary>Fuzzes one target for some time.</summary>
internal sealed class FuzzSession
{
    private const int MostFaults = 10;
    private const int MostShrinking = 500;
    private const int MostKinds = 200;

    // An input that takes so long never ends, as far as anybody can tell.
    private static readonly TimeSpan Endless = TimeSpan.FromSeconds(30);

    private readonly FuzzTarget _target;
    private readonly FindDirectory _finds;
    private readonly Random _random;
    private readonly Coverage _coverage;
    private readonly Execution _execution;
    private readonly Mutator _mutator;
    private readonly List<byte[]> _corpus = [];
    private readonly HashSet<string> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _faults = new(StringComparer.Ordinal);
    private long _inputs;

    public FuzzSession(FuzzTarget target, Coverage coverage, FindDirectory finds, int seed)
    {
        _target = target;
        _finds = finds;
        _coverage = coverage;
        _random = new Random(seed);
        _execution = new Execution(target);
        _mutator = new Mutator(_random, target.Words, target.LongestInput);
    }

    /// <summary>Runs the seeds and regressions, then mutations of them until the time is over.</summary>
    public FuzzReport Run(TimeSpan time)
    {
        using var watch = new Timer(_ => Watch(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var started = Stopwatch.GetTimestamp();
        foreach (var (_, seed) in Corpus.Of(_target))
        {
            Try(seed, isSeed: true);
        }

        while (Stopwatch.GetElapsedTime(started) < time && _faults.Count < MostFaults)
        {
            var input = _mutator.Make(Choose(), _corpus[_random.Next(_corpus.Count)]);
            if (_random.Next(8) > 0)
            {
                _target.Settle(input);
            }

            Try(input, isSeed: false);
        }

        return new FuzzReport
        {
            Target = _target.Name,
            Inputs = _inputs,
            Corpus = _corpus.Count,
            Edges = _coverage.Edges,
            Kinds = _kinds.Count,
            Time = Stopwatch.GetElapsedTime(started),
            Faults = [.. _faults.Values],
        };
    }

    // What was found last leads further than what was found first.
    private byte[] Choose() =>
        _corpus[_random.Next(2) == 0 ? _random.Next(_corpus.Count) : _random.Next(_corpus.Count - (_corpus.Count / 4) - 1, _corpus.Count)];

    private void Try(byte[] input, bool isSeed)
    {
        _inputs++;
        _coverage.Clear();
        var outcome = _execution.Run(input);
        var isNew = _coverage.AddNew() | (_kinds.Count < MostKinds && _kinds.Add(outcome.Kind));
        if (outcome.Fault is { Key: "time" })
        {
            outcome = _execution.Confirm(input);
        }
        else if (outcome.Fault is null && (isNew || isSeed))
        {
            // Twice the same is asked of inputs that go new ways only: it takes ten times as long.
            outcome = _execution.Confirm(input);
            _corpus.Add(input);
        }

        if (outcome.Fault is { } fault && !_faults.ContainsKey(fault.Key))
        {
            var smallest = Shrink(input, fault);
            _faults.Add(fault.Key, $"{_finds.Write(_target.Name, smallest, fault)}: {fault.Text}");
        }

        if (isSeed && _corpus.Count == 0)
        {
            _corpus.Add(input);
        }
    }

    private byte[] Shrink(byte[] input, Fault fault)
    {
        if (fault.Key is "time" or "twice")
        {
            return input;
        }

        var tries = 0;
        for (var piece = input.Length / 2; piece > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= input.Length && tries < MostShrinking; tries++)
            {
                byte[] shorter = [.. input.AsSpan(0, at), .. input.AsSpan(at + piece)];
                if (_execution.Run(shorter).Fault?.Key == fault.Key)
                {
                    input = shorter;
                }
                else
                {
                    at += piece;
                }
            }
        }

        return input;
    }

    private void Watch()
    {
        if (_execution.Running > Endless)
        {
            var path = _finds.Write(
                _target.Name,
                _execution.Current,
                new Fault("endless", $"the input takes more than {Endless.TotalSeconds:0} s")
            );
            Console.Error.WriteLine($"{_target.Name}: an input never ends: {path}");
            Environment.Exit(3);
        }
    }
}

/// <summary>What a session did.</summary>
internal sealed record FuzzReport
{
    public required string Target { get; init; }
    public required long Inputs { get; init; }
    public required int Corpus { get; init; }
    public required int Edges { get; init; }
    public required int Kinds { get; init; }
    public required TimeSpan Time { get; init; }
    public required IReadOnlyList<string> Faults { get; init; }

    public override string ToString() =>
        $"{Target}: {Inputs} inputs in {Time.TotalSeconds:0.0} s, {Corpus} kept, {(Edges > 0 ? $"{Edges} edges, " : "")}{Kinds} kinds of "
        + $"results, {Faults.Count} faults";
}
