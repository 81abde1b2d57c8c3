using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Torchyard.Fuzz.Engine;

/// <summary>Runs inputs through a target and judges what happens.</summary>
internal sealed partial class Execution(FuzzTarget target)
{
    private long _started;

    /// <summary>Processor time that the input that is being parsed has taken: other programs on the machine do not count.</summary>
    public TimeSpan Running => Volatile.Read(ref _started) is > 0 and var started ? ProcessorTime() - new TimeSpan(started) : TimeSpan.Zero;

    /// <summary>The input that is being parsed.</summary>
    public byte[] Current { get; private set; } = [];

    /// <summary>Runs one input.</summary>
    public Outcome Run(byte[] input)
    {
        Current = input;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = ProcessorTime();
        Volatile.Write(ref _started, started.Ticks);
        var outcome = Judge(input);
        Volatile.Write(ref _started, 0);
        var took = ProcessorTime() - started;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (outcome.Fault is not null)
        {
            return outcome;
        }

        return allocated > target.AllocationLimit
                ? outcome with
                {
                    Fault = new Fault(
                        "memory",
                        $"{input.Length} bytes of input allocate {allocated >> 20} MiB; {target.AllocationLimit >> 20} MiB are allowed"
                    ),
                }
            : took > target.TimeLimit
                ? outcome with
                {
                    Fault = new Fault(
                        "time",
                        $"{input.Length} bytes of input take {took.TotalSeconds:0.0} s; {target.TimeLimit.TotalSeconds:0.0} s are allowed"
                    ),
                }
            : outcome;
    }

    /// <summary>Runs an input several times: everything must come out the same, and slowness must not be the compiler's.</summary>
    public Outcome Confirm(byte[] input)
    {
        var first = Run(input);
        var second = Run(input);
        if (first.Fault is { Key: "time" } && second.Fault is null)
        {
            return second;
        }

        if (first.Fault is not null || second.Fault is not null)
        {
            return first.Fault is not null ? first : second;
        }

        var one = ResultText.Of(first.Result);
        var other = ResultText.Of(second.Result);
        return first.Kind == second.Kind && one == other
            ? first
            : first with
            {
                Fault = new Fault("twice", $"the same input gives different results: {Difference(one, other)}"),
            };
    }

    private static TimeSpan ProcessorTime() => Environment.CpuUsage.TotalTime;

    private Outcome Judge(byte[] input)
    {
        try
        {
            return new Outcome { Kind = "result", Result = target.Parse(input) };
        }
        catch (TorchyardException refusal)
        {
            return new Outcome
            {
                Kind = $"{refusal.Code} {Varying().Replace(refusal.Message, "_")}",
                Result = $"{refusal.Code} {refusal.Message} {refusal.Cure} {refusal.Location}",
                Fault = Reproach(refusal),
            };
        }
        catch (BrokenPromiseException promise)
        {
            return new Outcome
            {
                Kind = "promise",
                Result = null,
                Fault = new Fault("promise " + Varying().Replace(promise.Message, "_"), promise.Message),
            };
        }
        catch (Exception refusal) when (target.IsRefusal(refusal))
        {
            return new Outcome { Kind = $"{refusal.GetType().Name} {Varying().Replace(refusal.Message, "_")}", Result = refusal.Message };
        }
#pragma warning disable CA1031 // Any other exception is what is looked for.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new Outcome
            {
                Kind = failure.GetType().Name,
                Result = null,
                Fault = new Fault($"{failure.GetType().Name} {Place(failure)}", failure.ToString()),
            };
        }
    }

    // What every message for people must keep to.
    private static Fault? Reproach(TorchyardException refusal)
    {
        var why =
            !CodeForm().IsMatch(refusal.Code) ? $"'{refusal.Code}' is not an error code"
            : refusal.Message.Length == 0 ? "the message is empty"
            : refusal.Cure.Length == 0 ? "there is no cure"
            : refusal.Message.Length + refusal.Cure.Length > 16 * 1024
                ? $"the message has {refusal.Message.Length + refusal.Cure.Length} characters"
            : null;
        return why is null ? null : new Fault($"message {refusal.Code}", $"{refusal.Code}: {why}");
    }

    private static string Place(Exception failure) =>
        new StackTrace(failure)
            .GetFrames()
            .Select(frame => frame.GetMethod())
            .FirstOrDefault(method => method?.DeclaringType?.Namespace?.StartsWith("Torchyard", StringComparison.Ordinal) == true)
            is { } method
            ? $"{method.DeclaringType!.Name}.{method.Name}"
            : "";

    private static string Difference(string one, string other)
    {
        var at = 0;
        while (at < one.Length && at < other.Length && one[at] == other[at])
        {
            at++;
        }

        return $"'{one[at..Math.Min(one.Length, at + 80)]}', then '{other[at..Math.Min(other.Length, at + 80)]}'";
    }

    [GeneratedRegex(@"'[^']*'|""[^""]*""|\d+|\S*/\S*")]
    private static partial Regex Varying();

    [GeneratedRegex(@"^TY\d{4}$")]
    private static partial Regex CodeForm();
}
