using Torchyard.Flows.Locking;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>What came of locking, as lines for people.</summary>
internal static class LockText
{
    private const int MostChangesShown = 40;

    /// <summary>Shows what came, went and changed, and the sum.</summary>
    /// <param name="screen">The screen.</param>
    /// <param name="answer">What came of it.</param>
    /// <param name="bytesBefore">Size of all packages before, to say how much it is now; null for the sum alone.</param>
    public static void Show(Screen screen, LockOutcome answer, long? bytesBefore = null)
    {
        foreach (var one in answer.Locks)
        {
            if (!answer.IsNew)
            {
                ShowChanges(screen, one);
            }

            if (one.Stack is { } stack)
            {
                screen.Line(stack);
            }

            if (one.Cudnn is { } cudnn)
            {
                screen.Line($"cuDNN {cudnn.Version} for CUDA {cudnn.Cuda} from NVIDIA, under its own licence: {cudnn.License}");
            }

            if (one.CudaCompat is { } compat)
            {
                screen.Line($"cuda-compat {compat.Version} for CUDA {compat.Cuda} from NVIDIA, under its own licence: {compat.License}");
            }

            var what = (answer.IsNew, answer.DryRun, one.Changes.Count) switch
            {
                (true, false, _) => "locked",
                (true, true, _) => "would lock",
                (_, _, 0) => "nothing changed:",
                (_, true, _) => "would lock again:",
                _ => "locked again:",
            };
            var size = ByteSize.Decimal(one.Bytes) + Difference(one.Bytes, bytesBefore);
            screen.Line($"{what} {Count.Of(one.Packages, "package")}, {size}, in {one.Lock}");
        }

        if (answer.Locks.Count > 1)
        {
            screen.Line();
            screen.Line(
                $"No PyTorch fits all machines; each lock is for some of them: torchyard build {Path.GetFileName(answer.Locks[0].Lock)}"
            );
        }
    }

    private static void ShowChanges(Screen screen, LockSummary one)
    {
        foreach (var change in one.Changes.Take(MostChangesShown))
        {
            screen.Line(ChangeText.Of(change.Name, change.Before, change.After));
        }

        if (one.Changes.Count > MostChangesShown)
        {
            screen.Line($"  and {one.Changes.Count - MostChangesShown} more");
        }
    }

    private static string Difference(long now, long? before) =>
        before is not { } old || old == now ? ""
        : now > old ? $" ({ByteSize.Decimal(now - old)} more)"
        : $" ({ByteSize.Decimal(old - now)} less)";
}
