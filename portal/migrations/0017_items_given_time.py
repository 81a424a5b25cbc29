from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0016_filing_counts")]

    operations = [
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                condition=models.Q(("outcome", "rectifying"), ("settled_on", None)),
                fields=["entry"],
                name="item_given_time",
            ),
        ),
    ]
