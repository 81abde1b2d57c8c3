namespace Torchyard.EndToEnd.Jobs;

/// <summary>Waits for what a daemon does by itself and tells nobody.</summary>
internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks again and again; fails when it takes too long.</summary>
    public static async Task TrueAsync(Func<Task<bool>> look, string what, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            while (!await look())
            {
                await Task.Delay(Look, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"not within {Patience.TotalMinutes} minutes: {what}");
        }
    }
}
